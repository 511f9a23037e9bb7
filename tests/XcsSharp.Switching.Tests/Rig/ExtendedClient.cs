namespace XcsSharp.Switching.Tests.Rig;

/// <summary>A client that opts into the extensions, with both of its connections.</summary>
internal sealed class ExtendedClient : IDisposable
{
    private readonly SwitchRig _rig;

    public ExtendedClient(SwitchRig rig, Extensions extensions, uint credit = 0)
    {
        _rig = rig;
        Control = rig.Connect();
        Agreement = Control.Ask(Hello(extensions, credit));
        Assert.Equal((RecordType.ConnectExtended, RecordResult.Ok), (Agreement.Type, Agreement.Result));
        Data = ConnectData();
    }

    public XcsRecord Agreement { get; }

    public uint Id => Agreement.ShortSessionId;

    public RecordClient Control { get; set; }

    public RecordClient Data { get; set; }

    public static XcsRecord Hello(Extensions extensions, uint credit = 0, uint session = 0, uint version = 1) => new()
    {
        Type = RecordType.ConnectExtended,

        // No daemon that knows nothing of this changes it in its echo.
        Result = (RecordResult)uint.MaxValue,
        SessionId = session,
        ExtensionVersion = version,
        Extensions = extensions,
        Credit = credit,
    };

    public RecordClient ConnectData()
    {
        RecordClient data = _rig.Connect();
        Assert.Equal(RecordResult.Ok, data.Ask(Records.ConnectData(Id)).Result);
        return data;
    }

    public RecordResult BindAll()
        => Control.Ask(Records.Bind(ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard)).Result;

    public RecordResult BindDomain(
        uint domid, ushort type = ProtocolLimits.TypeWildcard, RecordType record = RecordType.BindDomain)
        => Control.Ask(new XcsRecord { Type = record, RemoteDomain = domid, BindType = type }).Result;

    public void GiveCredit(uint count)
    {
        Data.Send(new XcsRecord { Type = RecordType.Credit, Credit = count });
        _rig.Settle();
    }

    public void Send(XcsRecord record)
    {
        Data.Send(record);
        _rig.Settle();
    }

    public void Dispose()
    {
        Control.Dispose();
        Data.Dispose();
    }
}
