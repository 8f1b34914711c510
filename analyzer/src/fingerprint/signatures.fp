; Wireglobe's own signatures, in p0f's notation. Each line says where it was seen or which documented setting makes it.
classes = win,unix,other

[mtu]
; Ethernet, RFC 894.
label = Ethernet
sig   = 1500
; PPP over Ethernet, RFC 2516.
label = PPPoE
sig   = 1492
; The least unit of IPv6, RFC 8200.
label = IPv6 minimum or tunnel
sig   = 1280
; Linux' loopback: 65536 octets do not fit into the option, so its segment is 65495 (measured).
label = loopback
sig   = 65535
; Ethernet with jumbo frames.
label = jumbo Ethernet
sig   = 9000

[tcp:request]
; Linux 4.20 and later: the window is 44 segments, the scale follows from tcp_rmem (kernel 6.x, measured).
label = s:unix:Linux:4.20 or newer
sig   = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0
