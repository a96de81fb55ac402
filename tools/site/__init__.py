"""What builds the site, its notebooks, the course, slides and the PDF."""
