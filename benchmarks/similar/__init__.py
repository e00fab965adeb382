"""Similar people: whether likeness finds buyers, whether clusters beat segments, and seconds."""
