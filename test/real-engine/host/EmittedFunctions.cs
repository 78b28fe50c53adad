using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;

namespace RealEngine;

/// <summary>A function of the app, as the Node process declares it.</summary>
public sealed record FunctionDeclaration(string Name, string Kind, string? Source, string? Connection);

/// <summary>
/// Declares one static method for each function, since the SDK finds functions as methods with
/// attributes. A method calls the one of <see cref="Worker"/> that has the name of its kind.
/// </summary>
public static class EmittedFunctions
{
    public static Type From(IEnumerable<FunctionDeclaration> functions)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("App"), AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("App").DefineType("Functions", TypeAttributes.Public | TypeAttributes.Class);
        foreach (var function in functions)
        {
            Emit(type, function);
        }

        return type.CreateType();
    }

    private static void Emit(TypeBuilder type, FunctionDeclaration function)
    {
        var call = typeof(Worker).GetMethod(function.Kind, BindingFlags.Public | BindingFlags.Static | BindingFlags.IgnoreCase)
            ?? throw new InvalidOperationException($"{function.Name} has a trigger of an unknown kind: {function.Kind}.");
        var parameters = call.GetParameters().Skip(1).ToArray();
        var method = type.DefineMethod(
            function.Name,
            MethodAttributes.Public | MethodAttributes.Static,
            call.ReturnType,
            Array.ConvertAll(parameters, each => each.ParameterType));
        method.SetCustomAttribute(Attribute<FunctionNameAttribute>(function.Name));

        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldstr, function.Name);
        for (var index = 0; index < parameters.Length; index++)
        {
            var parameter = method.DefineParameter(index + 1, ParameterAttributes.None, parameters[index].Name);
            if (index == 0)
            {
                parameter.SetCustomAttribute(TriggerOf(function));
            }

            code.Emit(OpCodes.Ldarg, (short)index);
        }

        code.Emit(OpCodes.Call, call);
        code.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder TriggerOf(FunctionDeclaration function) => function.Kind switch
    {
        "orchestration" => Attribute<OrchestrationTriggerAttribute>(),
        "activity" => Attribute<ActivityTriggerAttribute>(),
        "entity" => Attribute<EntityTriggerAttribute>(),
        "queue" => StorageAttribute<QueueTriggerAttribute>(function),
        "blob" => StorageAttribute<BlobTriggerAttribute>(function),
        _ => throw new InvalidOperationException($"{function.Name} has no trigger that this host knows."),
    };

    private static CustomAttributeBuilder Attribute<T>(params object[] arguments) =>
        new(typeof(T).GetConstructor(Array.ConvertAll(arguments, each => each.GetType()))!, arguments);

    private static CustomAttributeBuilder StorageAttribute<T>(FunctionDeclaration function) =>
        new(
            typeof(T).GetConstructor([typeof(string)])!,
            [function.Source!],
            [typeof(T).GetProperty("Connection")!],
            [function.Connection!]);
}

/// <summary>The types in which the SDK searches for functions.</summary>
public sealed class EmittedTypes(Type functions) : ITypeLocator
{
    public IReadOnlyList<Type> GetTypes() => [functions, typeof(ClientBinding)];
}
