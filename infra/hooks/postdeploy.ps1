$ErrorActionPreference = 'Stop'
node (Join-Path $PSScriptRoot 'postdeploy.mjs') @args
exit $LASTEXITCODE
