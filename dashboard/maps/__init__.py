"""Maps and their layers: geometry of a city folder, what a map shows, layers as GeoJSON and as a feed."""
