using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host.Config;

namespace RealEngine;

/// <summary>Reads the value that a durable client binding has in Node.</summary>
public static class ClientBinding
{
    public static string Value { get; private set; } = "";

    [NoAutomaticTrigger]
    public static void ReadClient([DurableClient] string client) => Value = client;
}

/// <summary>
/// The address of the management API in links. Nothing listens on it: the tests use the same API
/// on the extension's own port, which durable clients use.
/// </summary>
#pragma warning disable CS0618 // The extension asks for this service.
public sealed class NominalWebHooks : IWebHookProvider
#pragma warning restore CS0618
{
    public Uri GetUrl(IExtensionConfigProvider extension) =>
        new("http://localhost:7071/runtime/webhooks/durabletask");
}
