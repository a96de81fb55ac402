"""Algorithm 1, the recipes that it trains, a training that can be stopped and continued, and networks trained to the
end."""
