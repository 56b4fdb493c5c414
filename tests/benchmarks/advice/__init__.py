"""The benchmark of advice: workloads on a real mongod, judged by brute force over all candidate indexes."""
