using XcsSharp.Protocol.Payloads;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Protocol.Tests.Payloads;

/// <summary>Values for every field of a form, from a seed.</summary>
internal static class RandomPayloads
{
    /// <summary>A generator whose seed the test prints; XCS_SEED=N repeats it.</summary>
    public static Random Seeded()
    {
        ulong seed = SeededStream.ChooseSeed();
        TestContext.Current.TestOutputHelper?.WriteLine($"XCS_SEED={seed}");
        return new Random(unchecked((int)seed));
    }

    public static FieldValue[] For(PayloadForm form, PayloadAbi abi, Random random)
    {
        FieldValue[] values = new FieldValue[form.Fields.Count];
        for (int i = 0; i < values.Length; i++)
        {
            int size = form.IsVariable ? random.Next(0, 61) : form.PlacesOf(abi)[i].Size;
            byte[] bytes = new byte[size];
            random.NextBytes(bytes);
            values[i] = form.Fields[i].HoldsBytes ? form.Fields[i].Of(bytes) : form.Fields[i].Of(Number(bytes));
        }

        return values;
    }

    private static ulong Number(byte[] littleEndian)
    {
        ulong number = 0;
        for (int i = littleEndian.Length - 1; i >= 0; i--)
        {
            number = (number << 8) | littleEndian[i];
        }

        return number;
    }
}
