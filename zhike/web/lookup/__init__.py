"""The enquiry directory: an agent picks a topic and reads the answer to the caller."""
