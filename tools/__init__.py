"""Programs for the upkeep of this repository; nothing of the product imports them."""
