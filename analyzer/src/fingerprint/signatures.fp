; Wireglobe's own signatures, in p0f's notation. Each says where it was seen, or which documented setting makes it.
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
; Linux' loopback: its unit of 65536 as the MSS of IPv6 tells it (zeek's 1000-requests), and what fits into IPv4's.
label = loopback
sig   = 65535
sig   = 65536
; Ethernet with jumbo frames.
label = jumbo Ethernet
sig   = 9000

[tcp:request]
; The initial window is 44 segments since the receive buffer's default grew; scale 7 by tcp_rmem (suricata's with_evasion_linux).
label = s:unix:Linux:4.20 or newer
sig   = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0
; Android sets its own receive buffers, and with them scale 8 or 9 (nDPI's alexa-app and sites).
label = s:unix:Linux:Android
sig   = *:64:0:*:65535,8:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:65535,9:mss,sok,ts,nop,ws:df,id+:0
; 44 segments of 1460, or the largest window; scale 8 is automatic tuning's (pcaphunt's na-url_redirection, Foudre).
label = s:win:Windows:10 or newer
sig   = *:128:0:*:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
; Scale 5 and 6 by net.inet.tcp.win_scale_factor (chrissanders' http_dvwa_sqlinjection; 6 on systems of today).
label = s:unix:Mac OS X:or iOS, 10.11 or newer
sig   = *:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0

[tcp:response]
; 45 segments of what the option of timestamps leaves of 1460 (sgr's teams_test1).
label = s:unix:Linux:4.20 or newer
sig   = *:64:0:*:mss*45,7:mss,sok,ts,nop,ws:df:0
