# The bed itself: Xen answers, its devices and our programs are there.
# daemon: none
# deadline: 60
for device in evtchn gntdev gntalloc privcmd xenbus; do
    check "there is no /dev/xen/$device" [ -c /dev/xen/$device ]
done
for module in xen_evtchn xen_gntdev xen_gntalloc xen_privcmd xenfs; do
    check "module $module is not loaded" [ -d /sys/module/$module ]
done
same "the kind of domain 0" "$(cat /proc/xen/capabilities)" control_d
xl info | tee /run/lab/logs/xl-info
check "xl info names no Xen" grep -q '^xen_version *: 4\.' /run/lab/logs/xl-info
same "domains" "$(xl list | awk 'NR > 1 { print $1 }')" Domain-0
xcsd --version
xcsctl --version
check "xcsd --help fails" xcsd --help
