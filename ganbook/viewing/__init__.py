"""Looking at samples, trainings and the space of the noise. Its modules load matplotlib and ipywidgets, so name
them."""
