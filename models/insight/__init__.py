"""Reading: boards, lists, suggestions and counts. Nothing here changes anything."""
