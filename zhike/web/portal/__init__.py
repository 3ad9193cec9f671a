"""The customer's side: file something without an account, follow it by number and a code sent to the phone."""
