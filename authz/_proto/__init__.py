"""Generated from `proto/` by `make proto` and never edited: stubs of the admin API and its descriptor set."""
