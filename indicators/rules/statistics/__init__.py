"""Statistical tests over arrays of series: no configuration, no storage, only numbers in and out."""
