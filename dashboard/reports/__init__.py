"""Reports: figures put together on a schedule, as workbooks and for print."""
