"""Read a shop's list, a CSV such as its export of products: pictures, titles, categories and colours."""
