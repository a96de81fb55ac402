"""What every room needs: errors, checks of arguments, seeds, devices, whole files, several processes."""
