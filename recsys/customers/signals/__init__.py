"""Signals: dated facts about a customer, as SQL over events, and what they do to acceptance."""
