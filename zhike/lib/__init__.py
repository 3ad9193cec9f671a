"""The ground floor: time, durations, money, phone and identity numbers, html. Imports nothing of Zhike."""
