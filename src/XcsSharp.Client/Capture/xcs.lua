-- Wireshark dissector for captures of Xen control messages; README.md beside this file has the layout.
--
--   wireshark -X lua_script:xcs.lua FILE.pcapng
--
-- or copy it to ~/.local/lib/wireshark/plugins. It takes LINKTYPE_USER0 and passes over what does not begin with "XCS".
-- Payload fields are named xcs.STRUCT.FIELD, as xen/include/public/io/domain_controller.h spelt them in 2005.

local xcs = Proto("xcs", "Xen control message (xcs)")

local VERSION, HEADER, RECORD, PAYLOAD = 1, 16, 80, 60

local REQUEST, RESPONSE, VIRQ, UNDELIVERED = 9, 10, 11, 0x104
local direction_names = { [0] = "from guest", "to guest" }
local abi_names = { [0] = "packed32", "packed64", "natural32", "natural64" }
local PACKED64, NATURAL64 = 1, 3

local misfit = ProtoExpert.new(
    "xcs.misfit", "The length does not fit the struct", expert.group.MALFORMED, expert.severity.WARN)
local unknown = ProtoExpert.new("xcs.unknown", "Unknown message", expert.group.UNDECODED, expert.severity.NOTE)
xcs.experts = { misfit, unknown }

------------------------------------------------------------------------------------------------------------------------
-- The payloads, and what other records say.

local constants = {
    interface_status = { [0] = "CLOSED", "DISCONNECTED", "CONNECTED", "CHANGED" },
    usb_status = { [0] = "DESTROYED", "DISCONNECTED", "CONNECTED" },
    driver_status = { [0] = "DOWN", "UP" },
    pdb_status = { "UP", "DOWN" },
    blk_result = { [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED",
        "VBD_EXISTS", "VBD_NOT_FOUND", "OUT_OF_MEMORY", "PHYSDEV_NOT_FOUND", "MAPPING_ERROR" },
    net_result = { [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED",
        "OUT_OF_MEMORY", "MAPPING_ERROR" },
    usb_result = { [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED",
        [7] = "OUT_OF_MEMORY", [9] = "MAPPING_ERROR" },
    result = { [0] = "ok", "failed", "already-connected", "bad-session", "no-session", "connection-in-use",
        "bad-request" },
    lock = { [0] = "take", "release" },
    reason = { "no-such-domain", "no-channel", "channel-out-of-order", "locked-out", "channel-closed", "no-answer",
        "already-answered", "not-given" },
    news = { [0] = "complete", "exists", "gone" },
    binding = { [0xfffe] = "virq", [0xffff] = "all" },
}

-- Structs are written as their fields: NAME:KIND, or NAME and NAME:CONSTANTS of 32 bits; the ABI lays them out.
-- "gap:N" is padding that packed structs wrote out, "padded" an unsigned long that they padded to 8 bytes.
local kinds = {
    u16 = { "number", 2 }, u32 = { "number", 4 }, u64 = { "number", 8 }, s32 = { "signed", 4 }, char = { "text", 1 },
    mac = { "mac", 6 }, path = { "text", 16 }, name = { "text", 48 }, word = { "hex" }, padded = { "hex" },
    binding = { "number", 2 },
}
local structs = {}
local function new_struct(name, text, packed, natural)
    local fields = {}
    for name, kind in text:gmatch("(%a[^%s:]*):?(%S*)") do
        local known = kinds[kind] or (name == "gap" and { "gap", tonumber(kind) } or kinds.u32)
        fields[#fields + 1] =
            { kind = known[1], size = known[2], name = name, constants = constants[kind], padded = kind == "padded" }
    end
    structs[#structs + 1] = { name = name, fields = fields, packed = packed, natural = natural }
    return structs[#structs]
end

-- What records have from their ninth byte on, in the packed layout. Of those with a message: what is before it.
local records, record_names = {}, {}
for number, name, text in ([[
0x0   connect_control   session:u64
0x1   connect_data      session:u64
0x2   goodbye           -
0x3   bind              port:s32 type:binding
0x4   unbind            port:s32 type:binding
0x5   virq_bind         port:s32 virq:u16
0x6   write_lock        port:s32 type:binding gap:2 action:lock
0x7   open_interface    domid local_port:s32 remote_port:s32
0x8   close_interface   domid local_port:s32 remote_port:s32
0x9   request           -
0xa   response          -
0xb   virq              -
0x100 connect_extended  session:u64 version extensions credit
0x101 bind_domain       domid type:binding
0x102 unbind_domain     domid type:binding
0x103 credit            gap:16 credit
0x104 undelivered       gap:4 reason:reason
0x105 domain_news       domid kind:news life:u64 local_port:s32 remote_port:s32 name:name
0x106 gap               lost:u64
]]):gmatch("(%S+) +(%S+) +([^\n]*)\n") do
    records[tonumber(number)] = new_struct(name, text, true, false)
    record_names[tonumber(number)] = name:gsub("_", "-")
end

-- Of each type its subtypes, of each of these the versions of its struct, the oldest first; "packed" ones went and
-- "natural" ones came with the layout, in 2005. NAME=STRUCT where the struct has a name of its own, "-" for no field.
local payloads = [[
0 CONSOLE
  0  DATA
1 BLKIF_BE
  0  CREATE                domid:u16 gap:2 blkif_handle status:blk_result
  1  DESTROY               domid:u16 gap:2 blkif_handle status:blk_result
  2  CONNECT               domid:u16 gap:2 blkif_handle shmem_frame:padded evtchn status:blk_result
                           natural domid:u16 gap:2 blkif_handle shmem_frame:word shmem_ref:s32 evtchn status:blk_result
  3  DISCONNECT            domid:u16 gap:2 blkif_handle status:blk_result
  4  VBD_CREATE            packed domid:u16 gap:2 blkif_handle vdevice:u16 readonly:u16 status:blk_result
                           packed domid:u16 gap:2 blkif_handle pdevice vdevice:u16 readonly:u16 status:blk_result
                           domid:u16 gap:2 blkif_handle pdevice dev_handle vdevice:u16 readonly:u16 status:blk_result
  5  VBD_DESTROY           domid:u16 gap:2 blkif_handle vdevice:u16 gap:2 status:blk_result
  6  VBD_GROW              packed domid:u16 gap:2 blkif_handle extent.sector_start:u64 extent.sector_length:u64 ...
                             extent.device vdevice:u16 gap:2 status:blk_result
  7  VBD_SHRINK            packed domid:u16 gap:2 blkif_handle vdevice:u16 gap:2 status:blk_result
  32 DRIVER_STATUS         status:driver_status
2 BLKIF_FE
  0  INTERFACE_STATUS      handle status:interface_status evtchn:u16 domid:u16
  32 DRIVER_STATUS         status:driver_status max_handle
  33 INTERFACE_CONNECT     handle gap:4 shmem_frame:padded
                           natural handle shmem_frame:word shmem_ref:s32
  34 INTERFACE_DISCONNECT  handle
  35 INTERFACE_QUERY       handle status:interface_status evtchn:u16 domid:u16
3 NETIF_BE
  0  CREATE                packed domid:u16 gap:2 netif_handle mac:mac gap:2 status:net_result
                           domid:u16 gap:2 netif_handle mac:mac gap:2 be_mac:mac gap:2 status:net_result
  1  DESTROY               domid:u16 gap:2 netif_handle status:net_result
  2  CONNECT               domid:u16 gap:2 netif_handle tx_shmem_frame:padded rx_shmem_frame:padded evtchn:u16 ...
                             gap:2 status:net_result
                           natural domid:u16 gap:2 netif_handle tx_shmem_frame:word tx_shmem_ref:s32 ...
                             rx_shmem_frame:word rx_shmem_ref:s32 evtchn:u16 status:net_result
  3  DISCONNECT            domid:u16 gap:2 netif_handle status:net_result
  4  CREDITLIMIT           domid:u16 gap:2 netif_handle credit_bytes period_usec status:net_result
  32 DRIVER_STATUS         status:driver_status
4 NETIF_FE
  0  INTERFACE_STATUS      handle status:interface_status evtchn:u16 mac:mac domid:u16
  32 DRIVER_STATUS         status:driver_status max_handle
  33 INTERFACE_CONNECT     handle gap:4 tx_shmem_frame:padded rx_shmem_frame:padded
                           natural handle tx_shmem_frame:word tx_shmem_ref:s32 rx_shmem_frame:word rx_shmem_ref:s32
  34 INTERFACE_DISCONNECT  handle
  35 INTERFACE_QUERY       handle status:interface_status evtchn:u16 mac:mac domid:u16
6 SHUTDOWN
  0  POWEROFF=shutdown     -
  1  REBOOT=shutdown       -
  2  SUSPEND=shutdown      -
  3  SYSRQ                 key:char gap:3
7 MEM_REQUEST
  0  SET=mem_request       target status
8 USBIF_BE
  0  CREATE                domid:u16 gap:2 status:usb_status
  1  DESTROY               domid:u16 gap:2 status:usb_status
  2  CONNECT               domid:u16 gap:2 shmem_frame:padded evtchn bandwidth status:usb_result
  3  DISCONNECT            domid:u16 gap:2 status:usb_status
  4  CLAIM_PORT            domid:u16 usbif_port status:usb_result path:path
  5  RELEASE_PORT          path:path
  32 DRIVER_STATUS_CHANGED status:driver_status
9 USBIF_FE
  0  INTERFACE_STATUS_CHANGED status:usb_status evtchn:u16 domid:u16 bandwidth num_ports
  32 DRIVER_STATUS_CHANGED status:driver_status
  33 INTERFACE_CONNECT     gap:4 shmem_frame:padded
  34 INTERFACE_DISCONNECT  -
                           natural dummy:s32
10 VCPU_HOTPLUG
  0  OFF=vcpu_hotplug      vcpu status
  1  ON=vcpu_hotplug       vcpu status
11 DEBUG
  0  CONNECTION_STATUS=pdb_connection status:pdb_status ring:word evtchn
]]

local types = {}
local subtypes, definition, struct
for indent, line in payloads:gsub(" %.%.%.\n +", " "):gmatch("( *)([^\n]+)\n") do
    local number, name, called, text = line:match("^(%d+) +([%u_]+)=?(%S*) *(.*)$")
    if #indent == 0 then
        subtypes = { name = name }
        types[tonumber(number)] = subtypes
    elseif number then
        definition, struct = { name }, called ~= "" and called or (subtypes.name .. "_" .. name):lower()
        subtypes[tonumber(number)] = definition
    end
    text = text or line
    if text ~= "" then
        local only = text:match("^natural ") or text:match("^packed ") or ""
        definition[#definition + 1] = new_struct(struct, text:sub(#only + 1), only ~= "natural ", only ~= "packed ")
    end
end

------------------------------------------------------------------------------------------------------------------------
-- Fields of Wireshark for the fields of the structs.

local header = {
    version = ProtoField.uint8("xcs.version", "Header version"),
    direction = ProtoField.uint8("xcs.direction", "Direction", base.DEC, direction_names),
    abi = ProtoField.uint8("xcs.abi", "Layout of structs", base.DEC, abi_names),
    domid = ProtoField.uint32("xcs.domid", "Domain id"),
    port = ProtoField.int32("xcs.port", "Local port"),
    name = ProtoField.string("xcs.name", "Domain name", base.UNICODE),
    record = ProtoField.uint32("xcs.record", "Record", base.DEC, record_names),
    result = ProtoField.uint32("xcs.result", "Result", base.DEC, constants.result),
    number = ProtoField.uint32("xcs.number", "Number of the request"),
    type = ProtoField.uint8("xcs.type", "Type"),
    type_name = ProtoField.string("xcs.type_name", "Type name"),
    subtype = ProtoField.uint8("xcs.subtype", "Subtype"),
    subtype_name = ProtoField.string("xcs.subtype_name", "Subtype name"),
    id = ProtoField.uint8("xcs.id", "Id"),
    length = ProtoField.uint8("xcs.length", "Length"),
    data = ProtoField.bytes("xcs.data", "Payload"),
    text = ProtoField.string("xcs.console.text", "Text", base.UNICODE),
}

local function new_field(abbreviation, part)
    if part.kind == "mac" then return ProtoField.ether(abbreviation, part.name) end
    if part.kind == "text" then return ProtoField.string(abbreviation, part.name) end
    if part.kind == "signed" then return ProtoField.int32(abbreviation, part.name) end
    if part.kind == "hex" then return ProtoField.uint64(abbreviation, part.name, base.HEX) end
    if part.size == 8 then return ProtoField.uint64(abbreviation, part.name) end
    return ProtoField.uint32(abbreviation, part.name, base.DEC, part.constants)
end

local all, by_abbreviation = {}, {}
for _, each in pairs(header) do all[#all + 1] = each end
for _, each in ipairs(structs) do
    for _, part in ipairs(each.fields) do
        local abbreviation = "xcs." .. each.name .. "." .. part.name
        if part.kind ~= "gap" and not by_abbreviation[abbreviation] then
            by_abbreviation[abbreviation] = new_field(abbreviation, part)
            all[#all + 1] = by_abbreviation[abbreviation]
        end
        part.abbreviation = abbreviation
    end
end
xcs.fields = all

------------------------------------------------------------------------------------------------------------------------

-- The places of a form's fields and the struct's size.
local function lay_out(struct, abi)
    local packed = abi <= PACKED64
    local long = (abi == PACKED64 or abi == NATURAL64) and 8 or 4
    local places, offset, strictest = {}, 0, 1
    for _, part in ipairs(struct.fields) do
        local size = part.size or long
        if part.kind == "gap" then
            offset = offset + (packed and size or 0)
        else
            local bytes = packed or part.kind == "mac" or part.kind == "text"
            local alignment = bytes and 1 or math.min(size, long)
            strictest = math.max(strictest, alignment)
            offset = math.ceil(offset / alignment) * alignment
            places[#places + 1] = { part = part, offset = offset, size = size }
            offset = offset + (packed and part.padded and 8 or size)
        end
    end
    return places, math.ceil(offset / strictest) * strictest
end

-- The newest version of exactly this size, else the newest.
local function version_of(definition, abi, length)
    local newest
    for i = #definition, 2, -1 do
        local struct = definition[i]
        if abi <= PACKED64 and struct.packed or abi > PACKED64 and struct.natural then
            newest = newest or struct
            local _, size = lay_out(struct, abi)
            if size == length then return struct end
        end
    end
    return newest
end

local function in_words(part, range)
    if range:len() == 8 then -- more than a number of Lua holds
        local number = range:le_uint64()
        return part.kind == "hex" and "0x" .. number:tohex():gsub("^0+(.)", "%1") or tostring(number)
    end
    if part.kind == "signed" then return tostring(range:le_int()) end
    local number = range:le_uint()
    return part.constants and part.constants[number] or string.format(part.kind == "hex" and "0x%x" or "%d", number)
end

local function add_fields(tree, struct, abi, payload, length)
    local places, size = lay_out(struct, abi)
    local branch = tree:add(xcs, payload(0, math.min(size, length)), struct.name)
    local words = {}
    for _, place in ipairs(places) do
        if place.offset + place.size <= length then
            local range = payload(place.offset, place.size)
            local own = by_abbreviation[place.part.abbreviation]
            if place.part.kind == "text" or place.part.kind == "mac" then
                branch:add(own, range)
            else
                branch:add_le(own, range)
                words[#words + 1] = place.part.name .. "=" .. in_words(place.part, range)
            end
        end
    end
    if length > 0 and length < size then
        branch:add_proto_expert_info(misfit, string.format("cut off: %d of %d bytes", length, size))
    elseif length > size then
        branch:add_proto_expert_info(misfit, string.format("%d bytes more than the struct", length - size))
    end
    return table.concat(words, " ")
end

-- Columns are printed as they are, so a guest's text must not have anything in it that a terminal would obey: control
-- characters, those of C1, and marks that hide or reorder text.
local escapes = { ["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t", ["\27"] = "\\e", ["\\"] = "\\\\" }
local function hex(bytes) return (bytes:gsub(".", function(byte) return string.format("\\x%02x", byte:byte()) end)) end
local function visible(text)
    text = text:gsub("[\0-\31\127\\]", function(byte) return escapes[byte] or hex(byte) end)
    text = text:gsub("\xc2[\x80-\x9f]", hex)
    text = text:gsub("\xe2\x80[\x8b-\x8f\xa8-\xae]", hex)
    text = text:gsub("\xe2\x81[\xa0-\xaf]", hex)
    return (text:gsub("\xef\xbb\xbf", hex))
end

-- Returns what the information column says.
local function add_payload(tree, type, subtype, abi, payload, length)
    local definition = types[type] and types[type][subtype]
    if definition and type == 0 then
        if length == 0 then return "" end
        tree:add_packet_field(header.text, payload(0, length), ENC_UTF_8)
        return visible(payload(0, length):string(ENC_UTF_8))
    end
    local struct = definition and abi <= NATURAL64 and version_of(definition, abi, length)
    if not struct then
        tree:add_proto_expert_info(unknown)
        return ""
    end
    if length == 0 then return "" end
    return add_fields(tree, struct, abi, payload, length)
end

local function add_message(tree, message, abi)
    local type, subtype, claimed = message(0, 1):uint(), message(1, 1):uint(), message(3, 1):uint()
    local definition = types[type] and types[type][subtype]
    local type_name = types[type] and types[type].name
    tree:add(header.type, message(0, 1))
    if type_name then tree:add(header.type_name, message(0, 1), "CMSG_" .. type_name):set_generated() end
    tree:add(header.subtype, message(1, 1))
    if definition then
        local full = "CMSG_" .. type_name .. "_" .. definition[1]
        tree:add(header.subtype_name, message(1, 1), full):set_generated()
    end
    tree:add(header.id, message(2, 1))
    local length_item = tree:add(header.length, message(3, 1))
    if claimed > PAYLOAD then length_item:add_proto_expert_info(misfit, "a message has at most 60 bytes") end
    local length = math.min(claimed, PAYLOAD)
    if length > 0 then tree:add(header.data, message(4, length)) end
    local words = add_payload(tree, type, subtype, abi, message(4, PAYLOAD), length)
    local subject = (type_name or "type " .. type) .. " " .. (definition and definition[1] or "subtype " .. subtype)
    return string.format("%s id %d len %d %s", subject, message(2, 1):uint(), claimed, words)
end

function xcs.dissector(buffer, pinfo, root)
    if buffer:len() < HEADER or buffer(0, 3):string() ~= "XCS" then return 0 end
    pinfo.cols.protocol = "XCS"
    local name_length = buffer(7, 1):uint()
    local tree = root:add(xcs, buffer())
    tree:add(header.version, buffer(3, 1))
    if buffer(3, 1):uint() ~= VERSION or buffer:len() ~= HEADER + name_length + RECORD then
        tree:add_proto_expert_info(unknown, "a version or a size that this dissector does not know")
        return buffer:len()
    end

    local direction, abi, domid = buffer(4, 1):uint(), buffer(5, 1):uint(), buffer(8, 4):le_uint()
    tree:add(header.direction, buffer(4, 1))
    tree:add(header.abi, buffer(5, 1))
    tree:add_le(header.domid, buffer(8, 4))
    tree:add_le(header.port, buffer(12, 4))
    local domain = "dom" .. domid
    if name_length > 0 then
        tree:add_packet_field(header.name, buffer(HEADER, name_length), ENC_UTF_8)
        domain = visible(buffer(HEADER, name_length):string(ENC_UTF_8)) .. "(" .. domid .. ")"
    end
    pinfo.cols.src = direction == 0 and domain or "dom0"
    pinfo.cols.dst = direction == 0 and "dom0" or domain

    local record = buffer(HEADER + name_length, RECORD)
    local kind = record(0, 4):le_uint()
    tree:add_le(header.record, record(0, 4))
    local info = record_names[kind] or "record " .. kind
    if kind == REQUEST or kind == RESPONSE or kind == UNDELIVERED then
        info = info .. " " .. add_message(tree, record(16, 64), abi)
        -- A client that did not ask for numbers leaves anything in their place.
        if direction == 0 and record(4, 4):le_uint() ~= 0 then tree:add_le(header.number, record(4, 4)) end
    else
        tree:add_le(header.result, record(4, 4))
    end
    if records[kind] and #records[kind].fields > 0 then
        local _, size = lay_out(records[kind], PACKED64)
        info = info .. " " .. add_fields(tree, records[kind], PACKED64, record(8, size), size)
    elseif kind == VIRQ then
        info = info .. " port " .. buffer(12, 4):le_int()
    end
    pinfo.cols.info = info
    return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, xcs)
