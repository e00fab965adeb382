"""New tables into an artifact without a fit: consents, products, prices, dates, offers, events."""
