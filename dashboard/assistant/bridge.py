"""The assistant interface over standard input and output, for assistants that start programs.

A server that runs owns the warehouse: what is asked is then passed on to it, and answered there.
"""

from __future__ import annotations

from typing import Any

from mcp import Client
from mcp.server import MCPServer, Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

Context = ServerRequestContext[Any]


async def speak(server: MCPServer) -> None:
    """Answer from here until the input ends."""
    await server.run_stdio_async()


async def pass_on(url: str) -> None:
    """Pass what is asked on to a running server until the input ends."""
    async with Client(url) as client, stdio_server() as (read, write):
        server = forwarding(client)
        await server.run(read, write, server.create_initialization_options())


def forwarding(client: Client) -> Server[Any]:
    """A server that asks another one."""

    async def tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return await client.list_tools()

    async def call(_: Context, asked: CallToolRequestParams) -> CallToolResult:
        return await client.call_tool(asked.name, asked.arguments)

    async def resources(_: Context, __: PaginatedRequestParams | None) -> ListResourcesResult:
        return await client.list_resources()

    async def templates(_: Context, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        return await client.list_resource_templates()

    async def read(_: Context, asked: ReadResourceRequestParams) -> ReadResourceResult:
        return await client.read_resource(asked.uri)

    return Server(
        "toan-canh",
        instructions=client.instructions,
        on_list_tools=tools,
        on_call_tool=call,
        on_list_resources=resources,
        on_list_resource_templates=templates,
        on_read_resource=read,
    )
