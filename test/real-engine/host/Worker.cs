using System.Text;
using Azure.Storage.Blobs;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace RealEngine;

/// <summary>
/// Calls functions in the Node process. Each public method is the signature of one kind of
/// function: after the name its parameters are the trigger's value and the metadata, which the SDK
/// binds by name.
/// </summary>
public static class Worker
{
    private static readonly HttpClient Http = new() { Timeout = Timeout.InfiniteTimeSpan };

    // The Functions host reads the JSON of a worker without converting texts to dates.
    private static readonly JsonSerializerSettings Json = new() { DateParseHandling = DateParseHandling.None };

    public static Uri Address { get; set; } = new("http://127.0.0.1");

    public static Task<object?> Orchestration(string function, string context) =>
        CallAsync(function, context, []);

    public static Task<object?> Activity(string function, string input, string instanceId) =>
        CallAsync(function, input, new() { ["instanceId"] = instanceId });

    public static Task<object?> Entity(string function, string context) =>
        CallAsync(function, context, []);

    public static Task Queue(string function, string message, string id, long dequeueCount, string queueTrigger) =>
        CallAsync(function, message, new() { ["id"] = id, ["dequeueCount"] = dequeueCount, ["queueTrigger"] = queueTrigger });

    public static Task Blob(string function, BlobClient blob, string blobTrigger) =>
        CallAsync(
            function,
            null,
            new() { ["blobTrigger"] = blobTrigger, ["container"] = blob.BlobContainerName, ["blob"] = blob.Name });

    private static async Task<object?> CallAsync(string function, string? input, JObject metadata)
    {
        var request = new JObject { ["function"] = function, ["input"] = input, ["metadata"] = metadata };
        using var body = new StringContent(request.ToString(Formatting.None), Encoding.UTF8, "application/json");
        var text = await SendAsync(body);
        var reply = JsonConvert.DeserializeObject<JObject>(text, Json)!;
        if (reply["error"] is JObject error)
        {
            throw new WorkerException((string)error["message"]!, (string)error["stack"]!);
        }

        return ValueOf(reply);
    }

    private static async Task<string> SendAsync(HttpContent body)
    {
        try
        {
            using var response = await Http.PostAsync(Address, body);
            return await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            EndLikeItsProcess();
            throw;
        }
    }

    /// <summary>Kills this process, as its Node process was: no function has failed by that.</summary>
    public static void EndLikeItsProcess() => System.Diagnostics.Process.GetCurrentProcess().Kill();

    private static object? ValueOf(JObject reply)
    {
        if (reply["json"] is JToken json)
        {
            return JsonConvert.DeserializeObject((string)json!, Json);
        }

        return reply["value"] is JValue { Value: not null } value ? value.Value : null;
    }
}

/// <summary>
/// The failure of a function in the form that the extension recognizes as one of a worker: the
/// three labels are part of the protocol.
/// </summary>
public sealed class WorkerException(string message, string stack)
    : Exception($"Result: Failure\nException: {message}\nStack: {stack}");
