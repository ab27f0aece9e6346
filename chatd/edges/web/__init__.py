"""The edge for browsers and for programs that speak HTTP: pages, requests, streams, WebSockets."""
