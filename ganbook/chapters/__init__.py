"""What only the chapters of the book use: budgets of steps, stored results, the gallery of failures, one network
alone."""
