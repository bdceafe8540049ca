"""Serves HTTP below the calls: connections and their bounds, hosts and origins, headers, static pages."""
