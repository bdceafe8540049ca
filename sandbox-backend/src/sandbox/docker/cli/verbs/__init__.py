"""Docker's verbs: one module for the grammar of each, and the table of all their flags."""
