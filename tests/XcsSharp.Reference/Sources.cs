using System.Reflection;

using XcsSharp.Client;
using XcsSharp.Protocol;

namespace XcsSharp.Reference;

/// <summary>The code that the reference is of, and what is found there in the order in which it is written.</summary>
internal static class Sources
{
    /// <summary>xcsctl's own types are its own: they are only read here.</summary>
    private static readonly Assembly s_cli = Assembly.Load("xcsctl");

    public static IReadOnlyList<Assembly> Assemblies { get; } = [typeof(XcsRecord).Assembly, typeof(XcsSession).Assembly, s_cli];

    /// <summary>xcsctl's exit codes.</summary>
    public static Type ExitCodes => s_cli.GetType("XcsSharp.Cli.ExitCode", throwOnError: true)!;

    /// <summary>A type's named constants.</summary>
    public static IEnumerable<FieldInfo> ConstantsOf(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(static field => field.IsLiteral)
        .OrderBy(static field => field.MetadataToken);

    /// <summary>Where a struct's fields lie, by their offset.</summary>
    public static IEnumerable<FieldInfo> FieldsOf(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Instance)
        .OrderBy(static field => field.MetadataToken);

    /// <summary>A class of constants, then the others of its namespace, by their names.</summary>
    public static IEnumerable<Type> ConstantClassesBeside(Type first) => first.Assembly.GetTypes()
        .Where(type => type.Namespace == first.Namespace && type is { IsPublic: true, IsAbstract: true, IsSealed: true } && ConstantsOf(type).Any())
        .OrderBy(type => type != first).ThenBy(static type => type.Name, StringComparer.Ordinal);
}
