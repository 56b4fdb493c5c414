"""`Y`: what is on screen as Markdown, for a chat or a ticket; without values, hosts and users unless asked."""
