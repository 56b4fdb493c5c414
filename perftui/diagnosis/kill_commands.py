"""What ends an operation or a session, as statements of the server's own shell."""

from perftui.model.operation import OpenTransaction, Operation


def kill_operation(operation: Operation) -> str | None:
    """`None` for what no client sent."""
    if not operation.killable:
        return None
    return f'db.killOp("{operation.opid}")' if isinstance(operation.opid, str) else f"db.killOp({operation.opid})"


def kill_session(transaction: OpenTransaction) -> str | None:
    """Without its owner an administrator would end a session of their own."""
    if not transaction.session:
        return None
    owner = f', uid: HexData(0, "{transaction.owner}")' if transaction.owner else ""
    return f'db.adminCommand({{killSessions: [{{id: UUID("{_uuid(transaction.session)}"){owner}}}]}})'


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
