"""The gate for numbers that a server says."""

from perftui.model.numbers import LARGEST, real, whole

__all__ = ["LARGEST", "real", "whole"]
