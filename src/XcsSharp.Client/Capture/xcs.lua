-- Wireshark dissector for captures of Xen control messages; README.md beside this file has the layout.
--
--   wireshark -X lua_script:xcs.lua FILE.pcapng
--
-- or copy it to ~/.local/lib/wireshark/plugins. It takes LINKTYPE_USER0 and passes over what does not begin with "XCS".
-- Payload fields are named xcs.STRUCT.FIELD, as xen/include/public/io/domain_controller.h spelt them in 2005.

local xcs = Proto("xcs", "Xen control message (xcs)")

local HEADER, RECORD, PAYLOAD = 16, 80, 60
local VERSION = 1

local record_names = {
    [0] = "connect-control", "connect-data", "goodbye", "bind", "unbind", "virq-bind", "write-lock", "open-interface",
    "close-interface", "request", "response", "virq",
}
local REQUEST, RESPONSE, VIRQ = 9, 10, 11
local direction_names = { [0] = "from guest", "to guest" }
local abi_names = { [0] = "packed32", "packed64", "natural32", "natural64" }
local PACKED64, NATURAL64 = 1, 3

local header = {
    version = ProtoField.uint8("xcs.version", "Header version"),
    direction = ProtoField.uint8("xcs.direction", "Direction", base.DEC, direction_names),
    abi = ProtoField.uint8("xcs.abi", "Layout of structs", base.DEC, abi_names),
    domid = ProtoField.uint32("xcs.domid", "Domain id"),
    port = ProtoField.int32("xcs.port", "Local port"),
    name = ProtoField.string("xcs.name", "Domain name", base.UNICODE),
    record = ProtoField.uint32("xcs.record", "Record", base.DEC, record_names),
    result = ProtoField.uint32("xcs.result", "Result"),
    type = ProtoField.uint8("xcs.type", "Type"),
    type_name = ProtoField.string("xcs.type_name", "Type name"),
    subtype = ProtoField.uint8("xcs.subtype", "Subtype"),
    subtype_name = ProtoField.string("xcs.subtype_name", "Subtype name"),
    id = ProtoField.uint8("xcs.id", "Id"),
    length = ProtoField.uint8("xcs.length", "Length"),
    data = ProtoField.bytes("xcs.data", "Payload"),
    text = ProtoField.string("xcs.console.text", "Text", base.UNICODE),
}

local misfit = ProtoExpert.new(
    "xcs.misfit", "The length does not fit the struct", expert.group.MALFORMED, expert.severity.WARN)
local unknown = ProtoExpert.new("xcs.unknown", "Unknown message", expert.group.UNDECODED, expert.severity.NOTE)
xcs.experts = { misfit, unknown }

------------------------------------------------------------------------------------------------------------------------
-- The payloads. A form is one version of a struct; the layout follows from the ABI.

local function field(kind, size) -- size nil: an unsigned long
    return function(name, constants) return { kind = kind, size = size, name = name, constants = constants } end
end

local u16, u32, u64, s32 = field("number", 2), field("number", 4), field("number", 8), field("signed", 4)
local char, mac, path = field("text", 1), field("mac", 6), field("text", 16)
local word = field("hex", nil)
local function padded(name) -- an unsigned long that packed structs padded to 8 bytes
    local result = word(name)
    result.padded = true
    return result
end
local function gap(size) return { kind = "gap", size = size } end -- padding that packed structs wrote out

local function form(packed, natural)
    return function(name, ...) return { name = name, packed = packed, natural = natural, fields = { ... } } end
end
local always, while_packed, unpacked = form(true, true), form(true, false), form(false, true)

local interface_status = { [0] = "CLOSED", "DISCONNECTED", "CONNECTED", "CHANGED" }
local usb_status = { [0] = "DESTROYED", "DISCONNECTED", "CONNECTED" }
local driver_status = { [0] = "DOWN", "UP" }
local pdb_status = { "UP", "DOWN" }
local blk_result = {
    [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", "VBD_EXISTS",
    "VBD_NOT_FOUND", "OUT_OF_MEMORY", "PHYSDEV_NOT_FOUND", "MAPPING_ERROR",
}
local net_result = {
    [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", "OUT_OF_MEMORY",
    "MAPPING_ERROR",
}
local usb_result = {
    [0] = "OKAY", "ERROR", "INTERFACE_EXISTS", "INTERFACE_NOT_FOUND", "INTERFACE_CONNECTED", [7] = "OUT_OF_MEMORY",
    [9] = "MAPPING_ERROR",
}

local function status_of(struct) -- of a network interface
    return always(struct, u32("handle"), u32("status", interface_status), u16("evtchn"), mac("mac"), u16("domid"))
end
local function block_status_of(struct)
    return always(struct, u32("handle"), u32("status", interface_status), u16("evtchn"), u16("domid"))
end
local function of_interface(struct, handle, result)
    return always(struct, u16("domid"), gap(2), u32(handle), u32("status", result))
end
local function of_usb(struct) return always(struct, u16("domid"), gap(2), u32("status", usb_result)) end
local no_payload = always("shutdown")
local vcpu = always("vcpu_hotplug", u32("vcpu"), u32("status"))

-- Of one subtype: its name, then its forms, the oldest first.
local types = {
    [0] = { name = "CONSOLE", [0] = { "DATA" } },
    [1] = {
        name = "BLKIF_BE",
        [0] = { "CREATE", of_interface("blkif_be_create", "blkif_handle", blk_result) },
        [1] = { "DESTROY", of_interface("blkif_be_destroy", "blkif_handle", blk_result) },
        [2] = {
            "CONNECT",
            always("blkif_be_connect", u16("domid"), gap(2), u32("blkif_handle"), padded("shmem_frame"), u32("evtchn"),
                u32("status", blk_result)),
            unpacked("blkif_be_connect", u16("domid"), u32("blkif_handle"), word("shmem_frame"), s32("shmem_ref"),
                u32("evtchn"), u32("status", blk_result)),
        },
        [3] = { "DISCONNECT", of_interface("blkif_be_disconnect", "blkif_handle", blk_result) },
        [4] = {
            "VBD_CREATE",
            while_packed("blkif_be_vbd_create", u16("domid"), gap(2), u32("blkif_handle"), u16("vdevice"),
                u16("readonly"), u32("status", blk_result)),
            while_packed("blkif_be_vbd_create", u16("domid"), gap(2), u32("blkif_handle"), u32("pdevice"),
                u16("vdevice"), u16("readonly"), u32("status", blk_result)),
            always("blkif_be_vbd_create", u16("domid"), gap(2), u32("blkif_handle"), u32("pdevice"), u32("dev_handle"),
                u16("vdevice"), u16("readonly"), u32("status", blk_result)),
        },
        [5] = {
            "VBD_DESTROY",
            always("blkif_be_vbd_destroy", u16("domid"), gap(2), u32("blkif_handle"), u16("vdevice"), gap(2),
                u32("status", blk_result)),
        },
        [6] = {
            "VBD_GROW",
            while_packed("blkif_be_vbd_grow", u16("domid"), gap(2), u32("blkif_handle"), u64("extent.sector_start"),
                u64("extent.sector_length"), u32("extent.device"), u16("vdevice"), gap(2), u32("status", blk_result)),
        },
        [7] = {
            "VBD_SHRINK",
            while_packed("blkif_be_vbd_shrink", u16("domid"), gap(2), u32("blkif_handle"), u16("vdevice"), gap(2),
                u32("status", blk_result)),
        },
        [32] = { "DRIVER_STATUS", always("blkif_be_driver_status", u32("status", driver_status)) },
    },
    [2] = {
        name = "BLKIF_FE",
        [0] = { "INTERFACE_STATUS", block_status_of("blkif_fe_interface_status") },
        [32] = {
            "DRIVER_STATUS", always("blkif_fe_driver_status", u32("status", driver_status), u32("max_handle")),
        },
        [33] = {
            "INTERFACE_CONNECT",
            always("blkif_fe_interface_connect", u32("handle"), gap(4), padded("shmem_frame")),
            unpacked("blkif_fe_interface_connect", u32("handle"), word("shmem_frame"), s32("shmem_ref")),
        },
        [34] = { "INTERFACE_DISCONNECT", always("blkif_fe_interface_disconnect", u32("handle")) },
        [35] = { "INTERFACE_QUERY", block_status_of("blkif_fe_interface_query") },
    },
    [3] = {
        name = "NETIF_BE",
        [0] = {
            "CREATE",
            while_packed("netif_be_create", u16("domid"), gap(2), u32("netif_handle"), mac("mac"), gap(2),
                u32("status", net_result)),
            always("netif_be_create", u16("domid"), gap(2), u32("netif_handle"), mac("mac"), gap(2), mac("be_mac"),
                gap(2), u32("status", net_result)),
        },
        [1] = { "DESTROY", of_interface("netif_be_destroy", "netif_handle", net_result) },
        [2] = {
            "CONNECT",
            always("netif_be_connect", u16("domid"), gap(2), u32("netif_handle"), padded("tx_shmem_frame"),
                padded("rx_shmem_frame"), u16("evtchn"), gap(2), u32("status", net_result)),
            unpacked("netif_be_connect", u16("domid"), u32("netif_handle"), word("tx_shmem_frame"), s32("tx_shmem_ref"),
                word("rx_shmem_frame"), s32("rx_shmem_ref"), u16("evtchn"), u32("status", net_result)),
        },
        [3] = { "DISCONNECT", of_interface("netif_be_disconnect", "netif_handle", net_result) },
        [4] = {
            "CREDITLIMIT",
            always("netif_be_creditlimit", u16("domid"), gap(2), u32("netif_handle"), u32("credit_bytes"),
                u32("period_usec"), u32("status", net_result)),
        },
        [32] = { "DRIVER_STATUS", always("netif_be_driver_status", u32("status", driver_status)) },
    },
    [4] = {
        name = "NETIF_FE",
        [0] = { "INTERFACE_STATUS", status_of("netif_fe_interface_status") },
        [32] = {
            "DRIVER_STATUS", always("netif_fe_driver_status", u32("status", driver_status), u32("max_handle")),
        },
        [33] = {
            "INTERFACE_CONNECT",
            always("netif_fe_interface_connect", u32("handle"), gap(4), padded("tx_shmem_frame"),
                padded("rx_shmem_frame")),
            unpacked("netif_fe_interface_connect", u32("handle"), word("tx_shmem_frame"), s32("tx_shmem_ref"),
                word("rx_shmem_frame"), s32("rx_shmem_ref")),
        },
        [34] = { "INTERFACE_DISCONNECT", always("netif_fe_interface_disconnect", u32("handle")) },
        [35] = { "INTERFACE_QUERY", status_of("netif_fe_interface_query") },
    },
    [6] = {
        name = "SHUTDOWN",
        [0] = { "POWEROFF", no_payload },
        [1] = { "REBOOT", no_payload },
        [2] = { "SUSPEND", no_payload },
        [3] = { "SYSRQ", always("shutdown_sysrq", char("key"), gap(3)) },
    },
    [7] = { name = "MEM_REQUEST", [0] = { "SET", always("mem_request", u32("target"), u32("status")) } },
    [8] = {
        name = "USBIF_BE",
        [0] = { "CREATE", of_usb("usbif_be_create") },
        [1] = { "DESTROY", of_usb("usbif_be_destroy") },
        [2] = {
            "CONNECT",
            always("usbif_be_connect", u16("domid"), gap(2), padded("shmem_frame"), u32("evtchn"), u32("bandwidth"),
                u32("status", usb_result)),
        },
        [3] = { "DISCONNECT", of_usb("usbif_be_disconnect") },
        [4] = {
            "CLAIM_PORT",
            always("usbif_be_claim_port", u16("domid"), u32("usbif_port"), u32("status", usb_result), path("path")),
        },
        [5] = { "RELEASE_PORT", always("usbif_be_release_port", path("path")) },
        [32] = { "DRIVER_STATUS_CHANGED", always("usbif_be_driver_status_changed", u32("status", driver_status)) },
    },
    [9] = {
        name = "USBIF_FE",
        [0] = {
            "INTERFACE_STATUS_CHANGED",
            always("usbif_fe_interface_status_changed", u32("status", usb_status), u16("evtchn"), u16("domid"),
                u32("bandwidth"), u32("num_ports")),
        },
        [32] = { "DRIVER_STATUS_CHANGED", always("usbif_fe_driver_status_changed", u32("status", driver_status)) },
        [33] = { "INTERFACE_CONNECT", always("usbif_fe_interface_connect", gap(4), padded("shmem_frame")) },
        [34] = {
            "INTERFACE_DISCONNECT",
            always("usbif_fe_interface_disconnect"),
            unpacked("usbif_fe_interface_disconnect", s32("dummy")),
        },
    },
    [10] = { name = "VCPU_HOTPLUG", [0] = { "OFF", vcpu }, [1] = { "ON", vcpu } },
    [11] = {
        name = "DEBUG",
        [0] = { "CONNECTION_STATUS", always("pdb_connection", u32("status", pdb_status), word("ring"), u32("evtchn")) },
    },
}

------------------------------------------------------------------------------------------------------------------------
-- Fields of Wireshark for the fields of the structs.

local function new_field(abbreviation, part)
    if part.kind == "mac" then return ProtoField.ether(abbreviation, part.name) end
    if part.kind == "text" then return ProtoField.string(abbreviation, part.name) end
    if part.kind == "signed" then return ProtoField.int32(abbreviation, part.name) end
    if part.kind == "hex" then return ProtoField.uint64(abbreviation, part.name, base.HEX) end
    if part.size == 8 then return ProtoField.uint64(abbreviation, part.name) end
    return ProtoField.uint32(abbreviation, part.name, base.DEC, part.constants)
end

local all = {}
for _, each in pairs(header) do all[#all + 1] = each end
local by_abbreviation = {}
for _, subtypes in pairs(types) do
    for subtype, definition in pairs(subtypes) do
        for i = 2, subtype ~= "name" and #definition or 0 do
            for _, part in ipairs(definition[i].fields) do
                local abbreviation = part.name and "xcs." .. definition[i].name .. "." .. part.name
                if abbreviation and not by_abbreviation[abbreviation] then
                    by_abbreviation[abbreviation] = new_field(abbreviation, part)
                    all[#all + 1] = by_abbreviation[abbreviation]
                end
                part.abbreviation = abbreviation
            end
        end
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
    tree:add_le(header.result, record(4, 4))
    local info = record_names[kind] or "record " .. kind
    if kind == REQUEST or kind == RESPONSE then
        info = info .. " " .. add_message(tree, record(16, 64), abi)
    elseif kind == VIRQ then
        info = info .. " port " .. buffer(12, 4):le_int()
    end
    pinfo.cols.info = info
    return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, xcs)
