"""Sources of data, one file each: see `recsys.data.source.Source` for adding your own."""
