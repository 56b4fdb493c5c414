"""An application's endpoints, measured from inside: requests, streams, websockets and monitored functions."""
