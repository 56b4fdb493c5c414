from perftui.model.schemas import write_schemas

write_schemas()
