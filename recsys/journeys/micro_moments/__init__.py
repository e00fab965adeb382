"""Micro-moments: whether a session is to know, to buy, or to get something done."""
