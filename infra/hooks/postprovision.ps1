$ErrorActionPreference = 'Stop'
node (Join-Path $PSScriptRoot 'postprovision.mjs') @args
exit $LASTEXITCODE
