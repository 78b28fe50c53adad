using System.Text;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json.Linq;
using RealEngine;

// Runs the Durable extension and the storage triggers of Azure Functions for functions that live in
// a Node process. The first line of standard input says which functions there are and how to call
// them; the line of standard output that starts with `ready` has the value of a durable client
// binding. A line `stop` stops the host, the end of standard input kills it.

var start = JObject.Parse(await Console.In.ReadLineAsync() ?? "{}");
var functions = FunctionsOf(start);
Worker.Address = new Uri((string)start["worker"]!);

using var host = new HostBuilder()
    .ConfigureAppConfiguration(configuration =>
    {
        configuration.AddEnvironmentVariables();
        configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(HostJson(start))));
    })
    .ConfigureLogging(logging =>
    {
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(Enum.Parse<LogLevel>((string?)start["logLevel"] ?? "Warning"));
    })
    .ConfigureWebJobs(webJobs =>
    {
        webJobs.AddAzureStorageCoreServices();
        webJobs.AddAzureStorageBlobs();
        webJobs.AddAzureStorageQueues();
        webJobs.AddDurableTask();
    })
    .ConfigureServices(services =>
    {
        services.AddSingleton<ITypeLocator>(new EmittedTypes(EmittedFunctions.From(functions)));
#pragma warning disable CS0618 // The extension asks for this service.
        services.AddSingleton<IWebHookProvider, NominalWebHooks>();
#pragma warning restore CS0618
    })
    .Build();

await host.StartAsync();
await host.Services.GetRequiredService<IJobHost>().CallAsync(nameof(ClientBinding.ReadClient));
Console.Out.WriteLine($"ready {ClientBinding.Value}");
await Console.Out.FlushAsync();

// Without a request to stop, the Node process was killed: this one ends as abruptly.
if (await Console.In.ReadLineAsync() != "stop")
{
    Worker.EndLikeItsProcess();
}

await host.StopAsync();

static FunctionDeclaration[] FunctionsOf(JObject start) =>
    start["functions"]!.ToObject<FunctionDeclaration[]>()!;

// The options of host.json, under the name that the SDK without the Functions host reads.
static string HostJson(JObject start) =>
    new JObject { ["AzureWebJobs"] = new JObject { ["extensions"] = start["extensions"] } }.ToString();
