; Wireglobe's own signatures, in p0f's notation: facts about stacks, each seen in a capture or following from a system's
; documented defaults, which the comment above each line names. Where it was seen, a test holds that it still is.
;
; What comes first wins among lines of type s; lines of type g (generic) count when none of type s fits.
; "mss*44" is written where a stack rounds its buffer to whole segments; "*" where the value follows from memory or load.
classes = win,unix,other

[mtu]
; Links by the bytes of an IP packet that they carry. An MSS tells them, whatever is on the way.

label = Ethernet
; RFC 894. Seen in nDPI__sites.
sig   = 1500

label = PPPoE
; RFC 2516: 8 bytes of PPP and session. Seen in nDPI__ookla.
sig   = 1492

label = PPPoA or L2TP
; 1500 less 40: IP, UDP, L2TP and PPP (RFC 2661). Seen in nDPI__reddit.
sig   = 1460
; 1500 less 32, ATM's padding with RFC 2364.
sig   = 1468

label = IP in IP, or 6in4
; 1500 less an IPv4 header (RFC 2003, RFC 4213). Seen in nDPI__sites.
sig   = 1480
; The same on PPPoE.
sig   = 1472

label = GRE
; 1500 less IPv4 and GRE headers (RFC 2784). Seen in nDPI__sites.
sig   = 1476

label = VXLAN or Geneve
; 1500 less outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348). Seen in zeek__geneve-many-options.
sig   = 1450
; The same within IPv6.
sig   = 1430

label = WireGuard
; Its interface's default: 1500 less 80 (IPv6, UDP, its own header and tag).
sig   = 1420
; The same on PPPoE.
sig   = 1412

label = tunnel or VPN
; What VPNs and clouds set for safety. Seen in nDPI__sites.
sig   = 1400
; Mobile networks and VPNs: room for GTP, IPsec or both.
sig   = 1380
; The same.
sig   = 1360
; The same. Seen in packet__amp.
sig   = 1300

label = IPv6 minimum or tunnel
; RFC 8200, section 5. Seen in nDPI__sites.
sig   = 1280

label = IPv4 minimum or modem
; What every host must take (RFC 791), and modems of old had (RFC 1144). Seen in zeek__mixed-vlan-mpls.
sig   = 576

label = jumbo Ethernet
; What most switches take.
sig   = 9000
; Amazon's EC2. Seen in elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 9001
; With room for VXLAN.
sig   = 8950
; What Google's and others' clouds leave of 9000. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 8900

label = loopback
; Linux of today, as an MSS of IPv4 tells it. Seen in PcapPlusPlus__pcapng-example.
sig   = 65535
; The same of IPv6. Seen in zeek__1000-requests-one-dropped-response.
sig   = 65536
; Linux 2.6 and older. Seen in sgr__bob2diego.
sig   = 16436
; lo0 of BSD and macOS.
sig   = 16384

label = IP over InfiniBand
; Connected mode (RFC 4755). Seen in tcpdump__ipoib.
sig   = 65520
; Datagram mode: 2048 less 4 (RFC 4391).
sig   = 2044

label = FDDI or token ring
; RFC 1390.
sig   = 4352
; RFC 1042 at 4 Mbit/s.
sig   = 4464

label = PPP
; 1500 less 2 for its protocol field.
sig   = 1498

[tcp:request]
; Linux takes the options in this order since 2.4 (net/ipv4/tcp_output.c), and no other system does. Its first window is the
; receive buffer's share in whole segments; the scale follows from the memory (net.ipv4.tcp_rmem), so it is left open.

label = s:unix:Linux:4.20 or newer
; 44 segments of 1460, what 65536 bytes hold, since 4.20's default of tcp_rmem is 131072. Seen in suricata__with_evasion_linux.
sig   = *:64:0:*:mss*44,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 1440, IPv6 on Ethernet. Seen in nDPI__reddit.
sig   = *:64:0:*:mss*45,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 1400 to 1424, tunnels. Seen in zeek__geneve-many-options, nDPI__sites.
sig   = *:64:0:*:mss*46,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 1366 to 1394.
sig   = *:64:0:*:mss*47,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 1338 to 1365, mobile networks.
sig   = *:64:0:*:mss*48,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 1220, the least unit of IPv6.
sig   = *:64:0:*:mss*53,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same with 8960 or 8961, jumbo Ethernet and EC2.
sig   = *:64:0:*:mss*7,*:mss,sok,ts,nop,ws:df,id+,flow:0
; One segment of the loopback. Seen in zeek__redis-50-pings, zeek__1000-requests-one-dropped-response.
sig   = *:64:0:*:mss*1,*:mss,sok,ts,nop,ws:df,id+,flow:0
; Without timestamps (net.ipv4.tcp_timestamps=0). Seen in nDPI__heuristic_tcp_ack_payload.
sig   = *:64:0:*:mss*44,*:mss,nop,nop,sok,nop,ws:df,id+,flow:0
; As a client of TCP Fast Open that asks for a cookie (RFC 7413).
sig   = *:64:0:*:mss*44,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,flow:0
; As a client of Multipath TCP (RFC 8684), which 5.6 brought.
sig   = *:64:0:*:mss*44,*:mss,sok,ts,nop,ws,?30:df,id+,flow:0

label = s:unix:Linux:3.11 to 4.19
; 20 segments: tcp_rmem's 87380, and ten segments of the congestion window twice. Seen in nDPI__check_mk_new, arkime__ospf.
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,id+,flow:0
; IPv6 without a flow label (before 4.2's auto_flowlabels).
sig   = 6:64:0:*:mss*20,*:mss,sok,ts,nop,ws::0
; Two thirds of the loopback's 65535. Seen in retina__tls_ciphers.
sig   = 4:64:0:65495:43690,*:mss,sok,ts,nop,ws:df,id+:0
; Without timestamps.
sig   = *:64:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df,id+,flow:0
; TCP Fast Open by the experimental option, before 4.1. Seen in zeek__tcp-fast-open.
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws,?254:df,id+,flow:*

label = s:unix:Linux:2.6.39 to 3.10
; Ten segments since 2.6.39 (RFC 6928); Android up to 4.4 as well. Seen in zeek__bro.org, nDPI__instagram, nDPI__KakaoTalk_chat.
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,id+,flow:0
; IPv6 without a flow label.
sig   = 6:64:0:*:mss*10,*:mss,sok,ts,nop,ws::0
; Without timestamps.
sig   = *:64:0:*:mss*10,*:mss,nop,nop,sok,nop,ws:df,id+:0

label = s:unix:Linux:2.4 or early 2.6
; Four segments, no window above 64 KiB asked. Seen in zeek__gre-sample.
sig   = *:64:0:*:mss*4,0:mss,sok,ts,nop,ws:df,id+:0

label = s:unix:Linux:2.6
; Four segments, scale 2 to 10 by memory. Seen in chrissanders__arppoison, zeek__mixed-vlan-mpls, sgr__bob2diego.
sig   = *:64:0:*:mss*4,*:mss,sok,ts,nop,ws:df,id+:0
; Two segments of the loopback's 16436. Seen in sgr__bob2diego.
sig   = 4:64:0:16396:mss*2,*:mss,sok,ts,nop,ws:df,id+:0
; Without timestamps.
sig   = *:64:0:*:mss*4,*:mss,nop,nop,sok,nop,ws:df,id+:0

label = s:unix:Linux:2.2
; 22 segments, no scale. Seen in suricata__telnet.
sig   = 4:64:0:*:mss*22,0:mss,sok,ts,nop,ws:df,id+:0

label = s:unix:Linux:Android
; The largest window: Android's init gives tcp_rmem large defaults; scale 6 to 9 by the network's kind. Seen in nDPI__alexa-app, nDPI__sites, nDPI__viber, arkime__80211http.
sig   = *:64:0:*:65535,*:mss,sok,ts,nop,ws:df,id+,flow:0

label = g:unix:Linux:
; The order of options alone, whatever buffer a program chose. Seen in nDPI__kafka, tcpdump__ipoib.
sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+,flow:0
; The same in IPv6 without a flow label.
sig   = 6:64:0:*:*,*:mss,sok,ts,nop,ws::0
; The same without timestamps.
sig   = *:64:0:*:*,*:mss,nop,nop,sok,nop,ws:df,id+,flow:0
; With a signature of RFC 2385 before all options, as BGP's daemons ask for. Seen in my__bgp-capture.
sig   = 4:64:0:*:mss*10,*:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+:0

; Windows since XP: no timestamps unless asked for, 128 hops, an identification that counts. ECN is asked for by servers
; since 2012, which fits as what networks add. Server 2008 is Vista's kernel, 2012 that of 8, 2016 and newer that of 10.

label = s:win:Windows:10 or newer
; 44 segments of 1460 since 1709; scale 8 is automatic tuning's. Seen in Pcaphunt__na-url_redirection, nDPI__gnutella.
sig   = *:128:0:*:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0
; IPv6 with a flow label.
sig   = 6:128:0:*:mss*45,8:mss,nop,ws,nop,nop,sok:flow:0
; IPv6 without.
sig   = 6:128:0:*:mss*45,8:mss,nop,ws,nop,nop,sok::0
; The same with 1400 to 1424, behind tunnels.
sig   = *:128:0:*:mss*46,8:mss,nop,ws,nop,nop,sok:df,id+:0
; The largest window, where the segment is none of Ethernet's or a program sets its buffer. Seen in PCAP__C2_Foudre_Backdoor_DGA, nDPI__trickbot.
sig   = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
; IPv6 with a flow label.
sig   = 6:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:flow:0

label = s:win:Windows:Vista to early 10
; 8192 until tuning has measured; scale 8 as long as it is on. Seen in elcabezzonn__aug16_part2, sgr__twitch_webpage_stream.
sig   = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
; Scale 2: tuning restrained, or a buffer of 256 KiB. Seen in chrissanders__tcp_ports, PcapPlusPlus__many-protocols.
sig   = *:128:0:*:8192,2:mss,nop,ws,nop,nop,sok:df,id+:0
; Scale 4 and others: netsh's highlyrestricted, experimental.
sig   = *:128:0:*:8192,*:mss,nop,ws,nop,nop,sok:df,id+:0
; IPv6 with a flow label.
sig   = 6:128:0:*:8192,*:mss,nop,ws,nop,nop,sok:flow:0
; The third attempt of a SYN leaves the scale out; so did 98 and NT. Seen in markofu__gnutella.
sig   = 4:128:0:*:8192,0:mss,nop,nop,sok:df,id+:0
; The same in IPv6.
sig   = 6:128:0:*:8192,0:mss,nop,nop,sok::0

label = s:win:Windows:XP, or Server 2003
; XP's largest window without scale (SP2 on fast links). Seen in bro__445_scan.
sig   = 4:128:0:*:65535,0:mss,nop,nop,sok:df,id+:0
; 44 segments of 1460: SP1 and later on 100 Mbit/s. Seen in markofu__HackChallenge_Cmas2011, arkime__modbus.
sig   = 4:128:0:*:mss*44,0:mss,nop,nop,sok:df,id+:0
; With RFC 1323 turned on: the own timestamp begins at zero. Seen in libpcap__http_PPI.
sig   = 4:128:0:*:*,*:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0

label = s:win:Windows:2000 to Server 2003
; GlobalMaxTcpWindowSize's 16 KiB. Seen in nDPI__fuzz-2006-06-26-2594, sgr__SkypeIRC.
sig   = 4:128:0:*:16384,0:mss,nop,nop,sok:df,id+:0
; 12 segments on 10 Mbit/s Ethernet (TcpWindowSize, 17520).
sig   = 4:128:0:*:mss*12,0:mss,nop,nop,sok:df,id+:0

label = s:win:Windows:NT 4 to 98
; 8 KiB and no option but the segment's size. Seen in nDPI__fuzz-2006-09-29-28586.
sig   = 4:128:0:*:8192,0:mss:df,id+:0
; 6 segments of Ethernet, 8760. Seen in chrissanders__tcp_refuseconnection.
sig   = 4:128:0:*:mss*6,0:mss,nop,nop,sok:df,id+:0

label = g:win:Windows:XP or newer
; The order of options and 128 hops, whatever buffer a program chose. Seen in ja4__ssh-scp-1050, zeek__gtp1_gn_normal_incl_fragmentation.
sig   = *:128:0:*:*,*:mss,nop,ws,nop,nop,sok:df,id+:0
; The same in IPv6 with a flow label.
sig   = 6:128:0:*:*,*:mss,nop,ws,nop,nop,sok:flow:0
; The same without scale.
sig   = 4:128:0:*:*,0:mss,nop,nop,sok:df,id+:0

; Darwin, which macOS and iOS share: the largest window, an end of options behind SACK. Its identification is zero since
; about 10.13 (RFC 6864), and it asks for ECN since 10.11.

label = s:unix:Mac OS X:or iOS, 10.13 or newer
; Scale 6, macOS 10.14 and iOS 12 or later. Seen in nDPI__instagram.
sig   = *:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,flow:0
; The same, asking for ECN. Seen in ja4__macos_tcp_flags, nDPI__iphone.
sig   = *:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,ecn,flow:0
; Scale 5, by net.inet.tcp.win_scale_factor. Seen in nDPI__chrome, nDPI__safari, nDPI__zoom.
sig   = *:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,flow:0
; The same, asking for ECN.
sig   = *:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,ecn,flow:0
; Scale 7 of phones. Seen in nDPI__iphone.
sig   = *:64:0:*:65535,7:mss,nop,ws,nop,nop,ts,sok,eol+1:df,ecn,flow:0
; Where networks drop what they don't know, SYNs come again without those options.
sig   = *:64:0:*:65535,0:mss,sok,eol+1:df,flow:0

label = s:unix:Mac OS X:or iOS, 10.9 to 10.12
; Scale 5. Seen in chrissanders__http_dvwa_sqlinjection, chrissanders__http_espn_fail, nDPI__ookla.
sig   = 4:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
; The same, asking for ECN.
sig   = 4:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,ecn:0
; The same without scale and timestamps, when a SYN comes again. Seen in chrissanders__http_espn_fail.
sig   = 4:64:0:*:65535,0:mss,sok,eol+1:df,id+:0

label = s:unix:Mac OS X:or iOS, 10.7 to 10.9
; Scale 4. Seen in zeek__vlan-collisions, zeek__syn-bad.
sig   = *:64:0:*:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,flow:0

label = s:unix:Mac OS X:10.4 to 10.7
; Scale 3. Seen in arkime__modbus.
sig   = *:64:0:*:65535,3:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,flow:0
; Scale 1. Seen in zeek__flash-version.
sig   = *:64:0:*:65535,1:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,flow:0
; Scale 0.
sig   = *:64:0:*:65535,0:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,flow:0

label = g:unix:Mac OS X:or iOS
; The order of options alone, with the identification of newer systems. Seen in sgr__TicketOne.
sig   = *:64:0:*:*,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,flow:0
; The same with that of older ones.
sig   = *:64:0:*:*,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0

; The BSDs and Solaris.

label = s:unix:FreeBSD:9 or newer
; 65535 by net.inet.tcp.recvspace, scale 6 by maxsockbuf's 2 MiB.
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+,flow:0
; The same since 11, whose identification is zero (RFC 6864).
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,flow:0
; Scale 9 and more: larger maxsockbuf, as appliances set it.
sig   = *:64:0:*:65535,9:mss,nop,ws,sok,ts:df,flow:0

label = s:unix:FreeBSD:7 or 8
; Scale 3: maxsockbuf of 256 KiB.
sig   = *:64:0:*:65535,3:mss,nop,ws,sok,ts:df,id+,flow:0

label = s:unix:FreeBSD:or a console made of it
; 32 KiB, scale 6: a Nintendo Switch. Seen in nDPI__nintendo.
sig   = 4:64:0:*:32768,6:mss,nop,ws,sok,ts:df,id+:0

label = g:unix:FreeBSD:
; The order of options alone.
sig   = *:64:0:*:*,*:mss,nop,ws,sok,ts:df,id+,flow:0
; The same, with no identification.
sig   = *:64:0:*:*,*:mss,nop,ws,sok,ts:df,flow:0

label = s:unix:OpenBSD:
; 16 KiB by net.inet.tcp.recvspace, scale 0 to 6. Seen in zeek__qi_internet_SYNACK_curl_jsonip.
sig   = *:64:0:*:16384,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+,flow:0
; Any window.
sig   = *:64:0:*:*,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+,flow:0

label = s:unix:NetBSD:
; 32 KiB by net.inet.tcp.recvspace; SACK and timestamps each on a border of four bytes.
sig   = *:64:0:*:32768,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,id+,flow:0
; The same, with no identification.
sig   = *:64:0:*:32768,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,flow:0

label = s:unix:Solaris:8 or 9
; SACK before the segment's size; 33580, 23 segments. Seen in nDPI__fuzz-2006-09-29-28586.
sig   = 4:64:0:*:mss*23,0:nop,nop,sok,mss:df,id+:0
; 17 segments: 24576 rounded up.
sig   = 4:64:0:*:mss*17,0:nop,nop,sok,mss:df,id+:0
; Any window.
sig   = 4:64:0:*:*,0:nop,nop,sok,mss:df,id+:0

label = s:unix:Solaris:10
; 34 segments: 49152 (tcp_recv_hiwat) rounded up.
sig   = 4:64:0:*:mss*34,0:mss,nop,ws,nop,nop,sok:df,id+:0

; Network gear and small devices: few options, and 255 hops where the stack's author took the most there is.

label = s:other:Cisco:IOS
; 4128, an IOS router's telnet and HTTP. Seen in zeek__mixed-vlan-mpls.
sig   = 4:255:0:*:4128,0:mss:id-:0
; The same with an identification.
sig   = 4:255:0:*:4128,0:mss::0
; 16 KiB, its BGP and LISP. Seen in nDPI__lisp_registration.
sig   = 4:255:0:*:16384,0:mss::0
; The same to a neighbour, whose packets may come one hop (RFC 4271). Seen in nDPI__BGP_Cisco_hdlc_slarp.
sig   = 4:2:0:*:16384,0:mss:df,id+:0

label = s:other:lwIP:a device of few parts
; Four segments (TCP_WND) and 255 hops (IP_DEFAULT_TTL): its defaults in opt.h.
sig   = 4:255:0:*:mss*4,0:mss::0
; 128 hops: ESP8266's and ESP32's port.
sig   = 4:128:0:*:mss*4,0:mss::0
; 64 hops: ESP32's of today.
sig   = 4:64:0:*:mss*4,0:mss::0
; In IPv6.
sig   = 6:255:0:*:mss*4,0:mss::0

label = s:other:uIP or Contiki:a device of few parts
; One segment, as there is room for one packet (UIP_RECEIVE_WINDOW).
sig   = *:64:0:*:mss*1,0:mss::0

label = s:other:FreeRTOS:a device of few parts
; FreeRTOS+TCP: scale 0 and SACK, never DF; 128 hops by ipconfigTCP_TIME_TO_LIVE.
sig   = 4:128:0:*:*,0:mss,nop,ws,nop,nop,sok::0

label = s:other:VxWorks:or another stack of 4.4BSD's age
; 8 KiB and RFC 1323 without SACK.
sig   = 4:64:0:*:8192,0:mss,nop,ws,nop,nop,ts::0

; Programs that make their own segments. Nothing of them says what system they run on.

label = s:!:nmap:SYN scan
sys   = @unix,@win
; Random hops of 37 to 59, 1460, windows of 1 to 4 KiB (its scan_engine_raw). Seen in Pcaphunt__ps-tcp_syn, sgr__portScan_1_to_10000.
sig   = *:64-:0:1460:1024,0:mss::0
; The same.
sig   = *:64-:0:1460:2048,0:mss::0
; The same.
sig   = *:64-:0:1460:3072,0:mss::0
; The same.
sig   = *:64-:0:1460:4096,0:mss::0

label = s:!:nmap:OS detection
sys   = @unix,@win
; Probe 1, window 1 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:1460:1,10:ws,nop,mss,ts,sok:ack+:0
; Probe 2, window 63 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:1400:63,0:mss,ws,sok,ts,eol+0:ack+:0
; Probe 3, window 4 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:640:4,5:ts,nop,nop,ws,nop,mss:ack+:0
; Probe 4, window 4 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:0:4,10:sok,ts,ws,eol+0:ack+:0
; Probe 5, window 16 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:536:16,10:mss,sok,ts,ws,eol+0:ack+:0
; Probe 6, window 512 of six (nmap's book, chapter 8). Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:265:512,0:mss,sok,ts:ack+:0
; The probe for ECN. Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:1460:3,10:ws,nop,mss,sok,nop,nop:ecn,uptr+:0
; Probe T5, a SYN to a closed port. Seen in chrissanders__activeosfingerprinting.
sig   = 4:64-:0:265:31337,10:ws,nop,mss,ts,sok:ack+:0

label = s:!:masscan:
sys   = @unix,@win
; 255 hops and 1024 with 1460, its packet template.
sig   = 4:255:0:1460:1024,0:mss::0
; Before 1.3, without options.
sig   = 4:255:0:0:1024,0:::0
; The same with the window of older templates.
sig   = 4:255:0:0:1200,0:::0

label = s:!:ZMap:
sys   = @unix,@win
; 255 hops and the largest window, no options.
sig   = 4:255:0:0:65535,0:::0
; With 1460, since 2.2.
sig   = 4:255:0:1460:65535,0:mss::0

label = s:!:hping:
sys   = @unix,@win
; Window 512 and nothing else. Seen in markofu__dosattack.
sig   = 4:64:0:0:512,0:::0

label = s:!:Scapy:
sys   = @unix,@win
; TCP() as it is: sequence number 0, window 8192. Seen in zeek__4in6, zeek__cisco-fabric-path.
sig   = *:64:0:0:8192,0::seq-:0

[tcp:response]
; Linux answers with the options it was offered: identification zero, "do not fragment", windows of 10, 20 or 44 segments by
; its age. What is left of 1460 beside timestamps is 1448, of which 65536 hold 45.

label = s:unix:Linux:4.20 or newer
; 65160, to an offer with timestamps. Seen in sgr__teams_test1, StratosphereLinuxIPS__test-cc-capture-1.
sig   = *:64:0:*:mss*45,*:mss,sok,ts,nop,ws:df,flow:0
; The same with 1400 to 1410.
sig   = *:64:0:*:mss*46,*:mss,sok,ts,nop,ws:df,flow:0
; The same with about 1380.
sig   = *:64:0:*:mss*47,*:mss,sok,ts,nop,ws:df,flow:0
; The same with 1340 to 1360.
sig   = *:64:0:*:mss*48,*:mss,sok,ts,nop,ws:df,flow:0
; The same with 1220.
sig   = *:64:0:*:mss*53,*:mss,sok,ts,nop,ws:df,flow:0
; One segment of the loopback. Seen in zeek__redis-50-pings, zeek__1000-requests-one-dropped-response.
sig   = *:64:0:*:mss*1,*:mss,sok,ts,nop,ws:df,flow:0
; 64240, to an offer without timestamps, as Windows makes. Seen in nDPI__heuristic_tcp_ack_payload, elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = *:64:0:*:mss*44,*:mss,nop,nop,sok,nop,ws:df,flow:0
; The same in IPv6.
sig   = 6:64:0:*:mss*45,*:mss,nop,nop,sok,nop,ws:flow:0
; To an offer without scale.
sig   = *:64:0:*:mss*44,0:mss,nop,nop,sok:df,flow:0
; To a SYN without options, as scanners make. Seen in StratosphereLinuxIPS__malicious-ssh-bruteforce, packet__amp.
sig   = *:64:0:*:mss*44,0:mss:df,flow:0
; To an offer without SACK. Seen in sgr__Subito.
sig   = *:64:0:*:mss*45,*:mss,nop,nop,ts,nop,ws:df,flow:0

label = s:unix:Linux:3.11 to 4.19
; 28960. Seen in chrissanders__http_dvwa_sqlinjection, arkime__80211http.
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,flow:0
; 29200. Seen in Pcaphunt__na-url_redirection, elcabezzonn__aug16_part2.
sig   = *:64:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df,flow:0
; To an offer without scale. Seen in elcabezzonn__aug16_part2.
sig   = *:64:0:*:mss*20,0:mss,nop,nop,sok:df,flow:0
; To a SYN without options. Seen in packet__amp.
sig   = *:64:0:*:mss*20,0:mss:df,flow:0
; To an offer without SACK. Seen in nDPI__iphone.
sig   = *:64:0:*:mss*20,*:mss,nop,nop,ts,nop,ws:df,flow:0
; To an offer of a scale alone.
sig   = *:64:0:*:mss*20,*:mss,nop,ws:df,flow:0
; Two thirds of the loopback's unit. Seen in retina__tls_ciphers.
sig   = 4:64:0:65495:43690,*:mss,sok,ts,nop,ws:df:0
; With TCP Fast Open by the experimental option. Seen in zeek__tcp-fast-open.
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws,?254:df,flow:0

label = s:unix:Linux:2.6.39 to 3.10
; 14480. Seen in zeek__vlan-collisions, nDPI__ookla.
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,flow:0
; 14600. Seen in PcapPlusPlus__many-protocols, nDPI__tor.
sig   = *:64:0:*:mss*10,*:mss,nop,nop,sok,nop,ws:df,flow:0
; To an offer without scale. Seen in markofu__HackChallenge_Cmas2011.
sig   = *:64:0:*:mss*10,0:mss,nop,nop,sok:df,flow:0
; To a SYN without options. Seen in packet__amp.
sig   = *:64:0:*:mss*10,0:mss:df,flow:0
; To an offer without SACK.
sig   = *:64:0:*:mss*10,*:mss,nop,nop,ts,nop,ws:df,flow:0
; To an offer of a scale alone. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:64:0:*:mss*10,*:mss,nop,ws:df,flow:0
; With a signature of RFC 2385, as BGP's daemons ask for. Seen in my__bgp-capture.
sig   = 4:64:0:*:mss*10,*:nop,nop,?19,mss,nop,nop,sok,nop,ws:df:0

label = s:unix:Linux:2.4 or 2.6
; 5792. Seen in markofu__HackChallenge_Cmas2011, zeek__flash-version.
sig   = *:64:0:*:mss*4,*:mss,sok,ts,nop,ws:df,flow:0
; 5840. Seen in sgr__http_responses, ivre__nb6-hotspot.
sig   = *:64:0:*:mss*4,*:mss,nop,nop,sok,nop,ws:df,flow:0
; To an offer without scale. Seen in bro__backscatter.
sig   = *:64:0:*:mss*4,0:mss,nop,nop,sok:df,flow:0
; To a SYN without options. Seen in bro__backscatter, packet__amp.
sig   = *:64:0:*:mss*4,0:mss:df,flow:0
; To an offer without SACK. Seen in chrissanders__http_espn.
sig   = *:64:0:*:mss*4,*:mss,nop,nop,ts,nop,ws:df,flow:0
; Two segments of the loopback. Seen in sgr__bob2diego.
sig   = 4:64:0:16396:mss*2,*:mss,sok,ts,nop,ws:df:0

label = s:unix:Linux:on Amazon's EC2
; Whole segments of its jumbo Ethernet (9001), though a smaller one is agreed on: 2 of 8961. Seen in elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 4:64:0:*:17922,*:mss,nop,nop,sok,nop,ws:df:0
; 3 of 8961. Seen in elcabezzonn__aug16_part2.
sig   = 4:64:0:*:26883,*:mss,nop,nop,sok,nop,ws:df:0
; 7 of 8961.
sig   = 4:64:0:*:62727,*:mss,nop,nop,sok,nop,ws:df:0
; 2 of 8949, what timestamps leave. Seen in nDPI__KakaoTalk_chat.
sig   = 4:64:0:*:17898,*:mss,sok,ts,nop,ws:df:0
; 3 of 8949. Seen in nDPI__viber.
sig   = 4:64:0:*:26847,*:mss,sok,ts,nop,ws:df:0
; 7 of 8949. Seen in nDPI__sites.
sig   = 4:64:0:*:62643,*:mss,sok,ts,nop,ws:df:0
; To a SYN without options. Seen in elcabezzonn__aug16_part2.
sig   = 4:64:0:8961:mss*2,0:mss:df:0

label = s:unix:Linux:Amazon's load balancer
; 255 hops, and whole segments of jumbo Ethernet. Seen in Pcaphunt__na-url_redirection, nDPI__zoom.
sig   = 4:255:0:*:26883,*:mss,nop,nop,sok,nop,ws:df:0
; The same beside timestamps. Seen in nDPI__alexa-app, nDPI__viber.
sig   = 4:255:0:*:26847,*:mss,sok,ts,nop,ws:df:0
; The same to a SYN without options. Seen in Pcaphunt__na-url_redirection.
sig   = 4:255:0:*:26883,0:mss:df:0
; 255 hops and 20 segments. Seen in nDPI__alexa-app, nDPI__viber.
sig   = 4:255:0:*:mss*20,*:mss,sok,ts,nop,ws:df:0
; The same to an offer without timestamps. Seen in elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 4:255:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df:0

label = s:unix:Linux:Google's front end
; 30 segments of 1430, and no "do not fragment". Seen in elcabezzonn__aug16_part2.
sig   = 4:64:0:1430:mss*30,*:mss,nop,nop,sok,nop,ws::0
; 31 of 1380, in IPv4 from an IPv6 network. Seen in elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 4:64:0:1380:mss*31,*:mss,nop,nop,sok,nop,ws::0
; 31 of 1380, to timestamps. Seen in nDPI__viber.
sig   = 4:64:0:1380:mss*31,*:mss,sok,ts,nop,ws::0
; 30 of 1430 though 1360 is agreed on. Seen in PcapPlusPlus__many-protocols.
sig   = 4:64:0:*:42900,*:mss,nop,nop,sok,nop,ws::0
; 128 hops and the largest window, since about 2019. Seen in nDPI__sites.
sig   = 4:128:0:*:65535,8:mss,sok,ts,nop,ws::0
; The same to an offer without timestamps.
sig   = 4:128:0:*:65535,8:mss,nop,nop,sok,nop,ws::0

label = s:unix:Linux:of a content network
; The largest window: servers with large receive buffers. Seen in nDPI__sites, chrissanders__http_espn_fail.
sig   = *:64:0:*:65535,*:mss,sok,ts,nop,ws:df,flow:0
; The same to an offer without timestamps. Seen in elcabezzonn__aug16_part2, nDPI__doh.
sig   = *:64:0:*:65535,*:mss,nop,nop,sok,nop,ws:df,flow:0
; The same to an offer without SACK. Seen in sgr__Subito.
sig   = *:64:0:*:65535,*:mss,nop,nop,ts,nop,ws:df,flow:0
; The same to an offer of a scale alone. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:64:0:*:65535,*:mss,nop,ws:df:0

label = g:unix:Linux:
; The order of options and no identification, whatever buffer a program chose. Seen in nDPI__kafka, nDPI__zoom.
sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,flow:0
; The same to an offer without timestamps. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:64:0:*:*,*:mss,nop,nop,sok,nop,ws:df,flow:0
; The same to an offer without SACK.
sig   = *:64:0:*:*,*:mss,nop,nop,ts,nop,ws:df,flow:0
; The same to an offer of a scale alone. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:64:0:*:*,*:mss,nop,ws:df:0
; The same to an offer without scale.
sig   = *:64:0:*:*,0:mss,nop,nop,sok:df:0
; The same to a SYN without options. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:64:0:*:*,0:mss:df:0
; Without "do not fragment" (net.ipv4.ip_no_pmtu_disc=1).
sig   = 4:64:0:*:*,*:mss,sok,ts,nop,ws::0
; The same to an offer without timestamps. Seen in elcabezzonn__wmi-service-remote.
sig   = 4:64:0:*:*,*:mss,nop,nop,sok,nop,ws::0

; Windows answers scale before SACK, and counts its identification.

label = s:win:Windows:10 or newer
; The largest window. Seen in zeek__SMBGhost, sgr__teams_test1.
sig   = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
; To an offer with timestamps. Seen in sgr__teams_test1.
sig   = *:128:0:*:65535,8:mss,nop,ws,sok,ts:df,id+:0
; 44 segments.
sig   = *:128:0:*:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0
; IPv6 with a flow label.
sig   = 6:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:flow:0
; The same to timestamps.
sig   = 6:128:0:*:65535,8:mss,nop,ws,sok,ts:flow:0
; To a SYN without options.
sig   = *:128:0:*:mss*44,0:mss:df,id+:0

label = s:win:Windows:Vista to early 10
; 8192, scale 8. Seen in elcabezzonn__aug16_part2, Pcaphunt__na-url_redirection.
sig   = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
; To an offer with timestamps. Seen in chrissanders__activeosfingerprinting.
sig   = *:128:0:*:8192,8:mss,nop,ws,sok,ts:df,id+:0
; To an offer without SACK. Seen in chrissanders__activeosfingerprinting.
sig   = *:128:0:*:8192,8:mss,nop,ws,nop,nop,ts:df,id+:0
; To an offer without scale and timestamps.
sig   = *:128:0:*:8192,0:mss,nop,nop,sok:df,id+:0
; To a SYN without options, as scanners make. Seen in packet__amp, chrissanders__activeosfingerprinting.
sig   = *:128:0:*:8192,0:mss:df,id+:0
; To an offer of SACK and timestamps.
sig   = *:128:0:*:8192,0:mss,sok,ts:df,id+:0
; Scale 0: tuning is off. Seen in elcabezzonn__aug16_part2.
sig   = *:128:0:*:8192,*:mss,nop,ws,nop,nop,sok:df,id+:0
; IPv6 with a flow label.
sig   = 6:128:0:*:8192,*:mss,nop,ws,nop,nop,sok:flow:0
; The same to timestamps.
sig   = 6:128:0:*:8192,*:mss,nop,ws,sok,ts:flow:0

label = s:win:Windows:2000 to XP, or Server 2003
; To an offer with timestamps: its own begins at zero. Seen in arkime__modbus, markofu__HackChallenge_Cmas2011, sgr__SkypeIRC.
sig   = 4:128:0:*:*,*:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0
; To an offer with scale: scale 0, the largest window.
sig   = 4:128:0:*:65535,0:mss,nop,ws,nop,nop,sok:df,id+:0
; The same, 44 or 45 segments. Seen in sgr__SkypeIRC.
sig   = 4:128:0:*:mss*45,0:mss,nop,ws,nop,nop,sok:df,id+:0
; The same, 16 KiB.
sig   = 4:128:0:*:16384,0:mss,nop,ws,nop,nop,sok:df,id+:0
; To an offer without scale. Seen in arkime__modbus.
sig   = 4:128:0:*:65535,0:mss,nop,nop,sok:df,id+:0
; The same, 44 segments. Seen in arkime__modbus.
sig   = 4:128:0:*:mss*44,0:mss,nop,nop,sok:df,id+:0
; The same, 12 segments (17520). Seen in markofu__gnutella.
sig   = 4:128:0:*:mss*12,0:mss,nop,nop,sok:df,id+:0
; The same, 16 KiB.
sig   = 4:128:0:*:16384,0:mss,nop,nop,sok:df,id+:0
; To a SYN without options, 16 KiB and no "do not fragment": Server 2003. Seen in packet__amp.
sig   = 4:128:0:*:16384,0:mss::0
; The same with it.
sig   = 4:128:0:*:16384,0:mss:df,id+:0

label = s:win:Windows:NT 4 to 98
; 6 segments of Ethernet, 8760. Seen in nDPI__fuzz-2006-09-29-28586.
sig   = 4:128:0:*:mss*6,0:mss:df,id+:0

label = g:win:Windows:XP or newer
; The order of options and 128 hops, whatever buffer a program chose. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = *:128:0:*:*,*:mss,nop,ws,nop,nop,sok:df,id+:0
; The same to timestamps.
sig   = *:128:0:*:*,*:mss,nop,ws,sok,ts:df,id+:0
; The same to an offer without scale. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 4:128:0:*:*,0:mss,nop,nop,sok:df,id+:0
; To a SYN without options: a program's own buffer. Seen in packet__amp.
sig   = 4:128:0:*:*,0:mss:df,id+:0

; Darwin, the BSDs and Solaris.

label = s:unix:Mac OS X:or iOS
; To an offer with timestamps, with the identification of newer systems.
sig   = *:64:0:*:65535,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,flow:0
; The same with that of older ones. Seen in PcapPlusPlus__http-packets2.
sig   = 4:64:0:*:65535,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
; To an offer without timestamps.
sig   = *:64:0:*:65535,*:mss,nop,ws,sok,eol+1:df,flow:0

label = s:unix:FreeBSD:9 or newer
; 65535, scale 6. Seen in PcapPlusPlus__http-packets2.
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+,flow:0
; The same since 11, whose identification is zero.
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,flow:0
; Scale 9 and more, as appliances set it.
sig   = *:64:0:*:65535,9:mss,nop,ws,sok,ts:df,flow:0

label = s:unix:FreeBSD:7 or 8
; Scale 3. Seen in PcapPlusPlus__http-packets2, suricata__bug-78-uricontent_input.
sig   = *:64:0:*:65535,3:mss,nop,ws,sok,ts:df,id+,flow:0

label = g:unix:FreeBSD:
; The order of options alone.
sig   = *:64:0:*:*,*:mss,nop,ws,sok,ts:df,id+,flow:0
; The same, with no identification.
sig   = *:64:0:*:*,*:mss,nop,ws,sok,ts:df,flow:0
; To an offer without timestamps.
sig   = *:64:0:*:65535,*:mss,nop,ws,sok,eol+1:df,id+:0

label = s:unix:OpenBSD:
; 16 KiB.
sig   = *:64:0:*:16384,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+,flow:0
; To an offer without timestamps: as Linux, but with an identification.
sig   = 4:64:0:*:16384,*:mss,nop,nop,sok,nop,ws:df,id+:0

label = s:unix:NetBSD:
; 32 KiB.
sig   = *:64:0:*:32768,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,id+,flow:0

label = s:unix:Solaris:8 or 9
; SACK before the segment's size. Seen in nDPI__fuzz-2006-06-26-2594.
sig   = 4:64:0:*:*,0:nop,nop,sok,mss:df,id+:0
; To a SYN without options, 23 segments. Seen in nDPI__fuzz-2006-09-29-28586.
sig   = 4:64:0:*:mss*23,0:mss:df,id+:0

label = s:unix:Solaris:10
; Timestamps before all else.
sig   = 4:64:0:*:*,*:nop,nop,ts,mss,nop,ws,nop,nop,sok:df,id+:0
; 34 segments, to an offer without timestamps.
sig   = 4:64:0:*:mss*34,0:mss,nop,ws,nop,nop,sok:df,id+:0

; Load balancers, which answer in the place of the servers behind them.

label = s:other:NetScaler:load balancer
; 8190 and 255 hops. Seen in elcabezzonn__aug16_part2, nDPI__sites.
sig   = 4:255:0:*:8190,*:mss,nop,ws,nop,nop,sok:df,id+:0
; Without SACK. Seen in PcapPlusPlus__many-protocols, nDPI__alexa-app.
sig   = 4:255:0:*:8190,*:mss,nop,ws:df,id+:0
; To a SYN without options. Seen in ivre__nb6-hotspot.
sig   = 4:255:0:*:8190,0:mss:df,id+:0

label = s:other:BIG-IP:load balancer
; Three segments, 4380: its default profile. Seen in Pcaphunt__na-url_redirection.
sig   = 4:255:0:*:mss*3,0:mss,sok,eol+1:df,id+:0
; To an offer with scale. Seen in elcabezzonn__aug16_part2, PcapPlusPlus__many-protocols.
sig   = 4:255:0:*:mss*3,0:mss,nop,ws,sok,eol+1:df,id+:0
; To an offer with timestamps. Seen in chrissanders__http_espn_fail, ivre__banners.
sig   = 4:255:0:*:mss*3,0:mss,nop,nop,ts,sok,eol+1:df,id+:0
; With timestamps and scale, without SACK. Seen in chrissanders__http_espn.
sig   = 4:255:0:*:mss*3,0:mss,nop,ws,nop,nop,ts:df,id+:0
; To a SYN without options. Seen in nDPI__KakaoTalk_chat.
sig   = 4:255:0:*:mss*3,0:mss:df,id+:0
; Ten segments, profiles of today. Seen in nDPI__sites.
sig   = 4:255:0:*:mss*10,*:mss,nop,ws,sok,ts:df,id+:0
; 16 segments. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 4:255:0:*:mss*16,0:mss,sok,eol+1:df,id+:0

; Network gear and small devices.

label = s:other:Cisco:IOS
; 4128.
sig   = 4:255:0:*:4128,0:mss::0
; The same, no identification.
sig   = 4:255:0:*:4128,0:mss:id-:0
; 16 KiB, its BGP and LISP. Seen in nDPI__lisp_registration.
sig   = 4:255:0:*:16384,0:mss::0
; The same to a neighbour one hop away. Seen in nDPI__BGP_Cisco_hdlc_slarp.
sig   = 4:2:0:*:16384,0:mss::0

label = s:other:user-mode NAT:of a virtual machine (slirp)
; VirtualBox, QEMU and others answer in the place of all servers: the largest window, no "do not fragment". Seen in PCAP__C2_Foudre_Backdoor_DGA, nDPI__gnutella, zeek__bro.org.
sig   = 4:64:0:1460:65535,0:mss::0

label = s:other:lwIP:a device of few parts
; Four segments and 255 hops: its defaults in opt.h.
sig   = 4:255:0:*:mss*4,0:mss::0
; 128 hops: ESP8266's and ESP32's port.
sig   = 4:128:0:*:mss*4,0:mss::0
; 64 hops: ESP32's of today.
sig   = 4:64:0:*:mss*4,0:mss::0

label = s:other:uIP or Contiki:a device of few parts
; One segment.
sig   = *:64:0:*:mss*1,0:mss::0

label = s:other:FreeRTOS:a device of few parts
; FreeRTOS+TCP answers with scale 0 and SACK, never DF.
sig   = 4:128:0:*:*,0:mss,nop,ws,nop,nop,sok::0

label = s:other:VxWorks:or another stack of 4.4BSD's age
; 8 KiB, RFC 1323 without SACK.
sig   = 4:64:0:*:8192,0:mss,nop,ws,nop,nop,ts::0

[http:request]
; Programs by the headers they send and their order; what they call themselves is held against the last field.
ua_os = Windows=[Windows],Mac OS X=[Mac OS X],Mac OS X=[iPhone],Mac OS X=[iPad],Mac OS X=[Darwin],Linux=[Android],Linux=[Linux],FreeBSD=[FreeBSD],OpenBSD=[OpenBSD],NetBSD=[NetBSD],Solaris=[SunOS]

label = s:!:Firefox:1 to 5
sys   = @unix,@win
; Character sets, and how long it keeps a connection. Seen in chrissanders__http_espn, markofu__HackChallenge_Cmas2011.
sig   = 1:Host,User-Agent,Accept,Accept-Language,Accept-Encoding=[gzip,],Accept-Charset=[;q=0.7],Keep-Alive,Connection=[keep-alive]::Firefox/

label = s:!:Firefox:6 or newer
sys   = @unix,@win
; Seen in Pcaphunt__na-url_redirection, zeek__bro.org, PcapPlusPlus__many-protocols.
sig   = 1:Host,User-Agent,Accept,Accept-Language=[;q=],Accept-Encoding=[gzip, deflate],Connection=[keep-alive]:Accept-Charset,Keep-Alive:Firefox/

label = s:!:Chromium:Chrome, Edge, Opera and others
sys   = @unix,@win
; Client hints before the rest, since 89.
sig   = 1:Host,Connection=[keep-alive],sec-ch-ua,User-Agent,Accept,Accept-Encoding=[gzip, deflate]:Accept-Charset,Keep-Alive:Chrome/
; Seen in sgr__http_responses, chrissanders__http_dvwa_sqlinjection.
sig   = 1:Host,Connection=[keep-alive],User-Agent,Accept,Accept-Encoding=[gzip, deflate],Accept-Language=[;q=0.]:Accept-Charset,Keep-Alive:Chrome/
; Accept before the program's name, 43 to 50 and Android's view. Seen in arkime__80211http.
sig   = 1:Host,Connection=[keep-alive],Accept,User-Agent,Accept-Encoding=[gzip, deflate],Accept-Language=[;q=0.]:Accept-Charset,Keep-Alive:Chrome/
; With character sets, to 25.
sig   = 1:Host,Connection=[keep-alive],User-Agent,Accept,Accept-Encoding=[gzip,deflate,sdch],Accept-Language,Accept-Charset:Keep-Alive:Chrome/

label = s:!:Safari:or another program of WebKit
sys   = Mac OS X
; Language before encoding. Seen in nDPI__ookla.
sig   = 1:Host,Connection=[keep-alive],Accept,User-Agent,Accept-Language,Accept-Encoding=[gzip, deflate]:Accept-Charset,Keep-Alive:AppleWebKit/
; Encoding before connection, since 11.
sig   = 1:Host,Accept,Connection=[keep-alive],User-Agent,Accept-Language,Accept-Encoding=[gzip, deflate]:Accept-Charset,Keep-Alive:AppleWebKit/

label = s:!:Internet Explorer:5 to 11
sys   = @win
; Seen in elcabezzonn__aug16_part2, markofu__HackChallenge_Cmas2011.
sig   = 1:Accept,Accept-Language,User-Agent,Accept-Encoding=[gzip, deflate],Host,Connection=[Keep-Alive]:Accept-Charset,Keep-Alive:Windows
; The host last, when a proxy is asked or something is sent. Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 1:Accept,Accept-Language,User-Agent,Accept-Encoding=[gzip, deflate],Connection=[Keep-Alive],Host:Accept-Charset,Keep-Alive:Windows
; Its library with a program's own name of the browser. Seen in elcabezzonn__aug16_part2.
sig   = 1:Accept=[*/*],Accept-Encoding=[gzip, deflate],User-Agent,Host,Connection=[Keep-Alive]:Accept-Language,Accept-Charset,Keep-Alive:Windows

label = s:!:WinHTTP:a program of Windows
sys   = @win
; Windows Update, certificate checks and others. Seen in elcabezzonn__aug16_part2, elcabezzonn__wmi-service-remote.
sig   = 1:Connection,User-Agent,Host:Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Microsoft

label = s:!:zgrab:scanner of ZMap
sys   = @unix,@win
; Its default headers.
sig   = 1:Host,User-Agent=[zgrab],Accept=[*/*]:Accept-Language,Accept-Charset,Keep-Alive:zgrab

label = s:!:curl:
sys   = @unix,@win
; Since 7.43. Seen in zeek__geneve-many-options, zeek__nflog-http.
sig   = 1:Host,User-Agent,Accept=[*/*]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:curl/
; Before. Seen in zeek__qi_internet_SYNACK_curl_jsonip.
sig   = 1:User-Agent,Host,Accept=[*/*]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:curl/

label = s:!:Wget:
sys   = @unix,@win
; Seen in PcapPlusPlus__sll, zeek__mixed-vlan-mpls, zeek__vlan-collisions.
sig   = *:User-Agent,Accept=[*/*],Host,Connection=[Keep-Alive]:Accept-Language,Accept-Charset,Keep-Alive:Wget/
; Since 1.20.
sig   = 1:Host,User-Agent,Accept=[*/*],Accept-Encoding=[identity],Connection=[Keep-Alive]:Accept-Language,Accept-Charset,Keep-Alive:Wget/

label = s:!:python-requests:
sys   = @unix,@win
; Seen in zeek__1000-requests-one-dropped-response.
sig   = 1:Host,User-Agent,Accept-Encoding=[gzip, deflate],Accept=[*/*],Connection=[keep-alive]:Accept-Language,Accept-Charset,Keep-Alive:python-requests/

label = s:!:Python:urllib
sys   = @unix,@win
; Its http.client.
sig   = 1:Accept-Encoding=[identity],Host,User-Agent,Connection=[close]:Accept,Accept-Language,Accept-Charset,Keep-Alive:Python-urllib/

label = s:!:aiohttp:a program in Python
sys   = @unix,@win
; Its defaults.
sig   = 1:Host,Accept=[*/*],Accept-Encoding=[gzip, deflate],User-Agent=[aiohttp/]:Accept-Language,Accept-Charset,Keep-Alive:aiohttp/

label = s:!:Go:a program of its library
sys   = @unix,@win
; net/http's defaults.
sig   = 1:Host,User-Agent,Accept-Encoding=[gzip]:Connection,Accept,Accept-Language,Accept-Charset,Keep-Alive:Go-http-client/

label = s:!:Java:a program of its library
sys   = @unix,@win
; HttpURLConnection. Seen in cve__log4j-attack.
sig   = 1:User-Agent,Host,Accept=[*; q=.2, */*; q=.2],Connection=[keep-alive]:Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Java/

label = s:!:Android:a program of its library
sys   = Linux
; HttpURLConnection. Seen in nDPI__KakaoTalk_chat.
sig   = 1:User-Agent,Host,Connection=[Keep-Alive],Accept-Encoding=[gzip]:Accept,Accept-Language,Accept-Charset,Keep-Alive:Dalvik/
; OkHttp.
sig   = 1:Host,Connection=[Keep-Alive],Accept-Encoding=[gzip],User-Agent=[okhttp/]:Accept-Language,Accept-Charset,Keep-Alive:okhttp/

label = s:!:CaptiveNetworkSupport:macOS or iOS
sys   = Mac OS X
; Asks whether a portal is in the way. Seen in nDPI__iphone.
sig   = 0:Host,Connection=[close],User-Agent=[CaptiveNetworkSupport]:Accept,Accept-Encoding,Accept-Language:CaptiveNetworkSupport

label = s:!:iTunes:
sys   = @win,Mac OS X
; Seen in markofu__HackChallenge_Cmas2011.
sig   = 1:User-Agent=[iTunes/],Accept-Encoding=[gzip],Host:Accept-Charset,Keep-Alive:iTunes/

label = s:!:Googlebot:
sys   = Linux
; Tells whom to write to.
sig   = 1:Host,Connection,Accept,From=[googlebot],User-Agent,Accept-Encoding:Accept-Charset,Keep-Alive:Googlebot

label = s:!:bingbot:
sys   = @win,@unix
; Tells whom to write to.
sig   = 1:Connection=[Keep-Alive],Accept=[*/*],Accept-Encoding,From=[bingbot],Host,User-Agent:Accept-Charset,Keep-Alive:bingbot

label = s:!:BearShare:
sys   = @win
; Seen in markofu__gnutella.
sig   = 0:User-Agent,Referrer=[Gnutella],Connection=[Keep-Alive]:Host,Accept:BearShare

[http:response]

label = s:!:openresty:nginx
sys   = @unix,@win
; Seen in nDPI__sites.
sig   = 1:Server=[openresty],Date,Connection::openresty

label = s:!:nginx:
sys   = @unix,@win
; Seen in nDPI__false_positives, elcabezzonn__aug16_part2.
sig   = *:Server=[nginx],Date,Connection::nginx

label = s:!:AkamaiGHost:content network
sys   = Linux
; Seen in PcapPlusPlus__sll.
sig   = *:Server=[AkamaiGHost],Date,Connection::AkamaiGHost

label = s:!:cloudflare:content network
sys   = Linux
; Seen in Pcaphunt__na-url_redirection, elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 1:Date,Connection,Server=[cloudflare],CF-RAY::cloudflare

label = s:!:CloudFront:content network
sys   = Linux
; Seen in nDPI__alexa-app.
sig   = 1:Connection=[keep-alive],X-Cache=[cloudfront],Via=[CloudFront]::

label = s:!:Fastly:content network
sys   = @unix,@win
; Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 1:Date,Connection,X-Served-By=[cache-],X-Cache,X-Cache-Hits::

label = s:!:Varnish:cache
sys   = @unix
; Seen in PcapPlusPlus__many-protocols.
sig   = 1:X-Varnish,Age,Via=[varnish]::

label = s:!:Amazon S3:
sys   = Linux
; Seen in PcapPlusPlus__many-protocols.
sig   = 1:x-amz-request-id,x-amz-id-2,Date,Server=[AmazonS3]::AmazonS3
; The other way round, as its documentation shows them.
sig   = 1:x-amz-id-2,x-amz-request-id,Date,Server=[AmazonS3]::AmazonS3

label = s:!:Google:its servers
sys   = Linux
; Search. Seen in chrissanders__arppoison.
sig   = 1:Date,Content-Type,Server=[gws]::gws
; Static files. Seen in elcabezzonn__capture-Mon-02-13-17-17-15-34_Empire.
sig   = 1:Content-Type,Date,Server=[sffe],X-XSS-Protection::sffe
; Applications. Seen in PcapPlusPlus__many-protocols.
sig   = 1:Content-Type,X-XSS-Protection,Server=[GSE]::GSE

label = s:!:Apache:on Windows
sys   = @win
; The system in its name.
sig   = *:Date,Server=[(Win],Content-Type::(Win

label = s:!:Apache:
sys   = @unix,@win
; Date and server first, the type last. Seen in zeek__bro.org, chrissanders__http_dvwa_sqlinjection.
sig   = *:Date,Server=[Apache],Content-Type:X-Varnish:Apache

label = s:!:IIS:
sys   = @win
; Seen in elcabezzonn__aug16_part2, Pcaphunt__na-url_redirection.
sig   = 1:Server=[Microsoft-IIS/],Date:Keep-Alive:Microsoft-IIS/
; The kernel's server without IIS. Seen in PcapPlusPlus__many-protocols.
sig   = 1:Server=[Microsoft-HTTPAPI/],Date:Keep-Alive:Microsoft-HTTPAPI/

label = s:!:Tomcat:
sys   = @unix,@win
; Its own order.
sig   = 1:Server=[Apache-Coyote/],Content-Type,Date::Apache-Coyote/
; Behind others. Seen in elcabezzonn__aug16_part2.
sig   = 1:Content-Type,Date,Server=[Apache-Coyote/]::Apache-Coyote/

label = s:!:Jetty:
sys   = @unix,@win
; Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 1:Date,Server=[Jetty(]:Keep-Alive:Jetty(

label = s:!:lighttpd:
sys   = @unix,@win
; Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 1:Date,Server=[lighttpd/]:Keep-Alive:lighttpd/

label = s:!:LiteSpeed:
sys   = @unix
; Seen in PCAP__C2_Foudre_Backdoor_DGA.
sig   = 1:Connection,Date,Server=[LiteSpeed]::LiteSpeed

label = s:!:Python:its http.server
sys   = @unix,@win
; Seen in cve__log4j-attack.
sig   = 0:Server=[SimpleHTTP/],Date,Content-type::SimpleHTTP/

label = s:!:proxygen:Facebook's servers
sys   = Linux
; Seen in elcabezzonn__capture-Tue-11-29-16-12-26-16_rig.
sig   = 1:Content-Type,Server=[proxygen],Date,Connection::proxygen

label = s:!:Traffic Server:cache
sys   = @unix
; Seen in nDPI__iphone.
sig   = *:Date,Server=[ATS/],Via::ATS/

label = s:!:Squid:proxy
sys   = @unix,@win
; Its own answers.
sig   = *:Server=[squid/],Mime-Version=[1.0],Date,Content-Type::squid/

label = s:!:GoAhead:a device
sys   = @unix,@win
; Embedded web servers of cameras and routers.
sig   = *:Server=[GoAhead]::GoAhead

label = s:!:RomPager:a device
sys   = @unix,@win
; Embedded web servers of modems.
sig   = *:Server=[RomPager/]::RomPager/

label = s:!:mini_httpd:a device
sys   = @unix,@win
; Embedded web servers.
sig   = *:Server=[mini_httpd/],Date,Content-Type::mini_httpd/
