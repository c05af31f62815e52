"""Programs that make files of this repository from outside sources. Nothing of the product imports them."""
