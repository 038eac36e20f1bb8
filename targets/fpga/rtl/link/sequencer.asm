; The board's side of docs/protocol.md. sequencer.v describes the machine, and
; targets/fpga/rtl/sequencer assembles this file into sequencer_rom.v.
;
; One frame is handled at a time, from its record in the receive buffer; what a command
; needs of it is read on the way. Handlers end in report, which sends STATUS, or in
; finish, which ends another answer. Two calls may be nested.

; Registers: link_memory. Those of 4 bytes lie at multiples of 4. A STATUS is the 16
; bytes from KEY on, after its op.
.reg KEY    0x00 ; session XOR nonce
.reg NEXT   0x04
.reg CODE   0x08
.reg POS    0x09
.reg ECHO   0x0A
.reg BAD    0x0B
.reg SENT   0x0C
.reg RKEY   0x10 ; of the request
.reg SEQ    0x14
.reg HEAD   0x18
.reg TAIL   0x1C
.reg NONCE  0x20
.reg ADDR   0x24 ; a span
.reg LEN    0x28
.reg T      0x2C ; what no subroutine keeps
.reg N      0x2C ; output not yet sent, at most 232 bytes
.reg ROOM   0x30 ; constant: output buffer less neurons
.reg MODE   0x34
.reg HALT   0x35
.reg SIZE   0x36 ; of the record
.reg PLEN   0x37 ; payload bytes, or those of them that are left
.reg OP     0x38
.reg NTH    0x39 ; of several
.reg TICKS  0x3C
; Of the other counters the core has the lower three bytes. Here is the third of them when
; last seen, so that a wrap shows, and three bytes above it.
.reg SYNOPS 0x40
.reg SPIKES 0x44
.reg CYCLES 0x48
.reg HAVE   0x4C ; or the CRC that COMMIT expects
.reg SUMS   0x4C ; up to 28 CRCs
.reg INFO   0xBC ; constant, up to the nonce
.reg CORES  0xC1
.reg INFO2  0xC2 ; constant, after it
.reg REGIONS 0xCB
.reg SIZES  0xE0 ; of the 8 regions of a core, the end of INFO

.const CLOSED 0
.const OPEN   1
.const LOADED 2
.const READY  3

.const VERSION 1
.const PAYLOAD 228 ; bytes, so that 28 spans are the most
.const OUTPUT  232 ; bytes in one STATUS

; Codes
.const OK         0x00
.const BUSY       0x01
.const LOST       0x02
.const NO_SESSION 0x03
.const E_OP       0x10
.const E_LENGTH   0x11
.const E_ADDRESS  0x12
.const E_IMAGE    0x13
.const E_TABLES   0x14
.const E_LOADED   0x15
.const E_RESET    0x16
.const E_EVENT    0x17
.const E_CORE     0x18

        jstuck  trap
        ld      #CLOSED
        st      MODE

main:   out     wait
        ld      rx
        st      SIZE
        jz      damaged
        ld      rx
        st      OP
        ldx     #RKEY
        call    get4            ; RKEY
        call    get4            ; SEQ
        ld      SIZE
        sub     #14
        st      PLEN
        ld      OP
        jn      done            ; an echo of our own
        cmp     #0x01
        jz      hello
        ld      MODE
        jz      closed
key:    ld      RKEY
        sub     KEY
        loop    key
        jnz     nosession
        ld      HALT
        jnz     report
        ld      OP
        and     #0x10
        jnz     command
        ld      OP
        cmp     #0x02
        jz      poll
        cmp     #0x03
        jz      read
        cmp     #0x04
        jz      sums
        cmp     #0x05
        jz      counters
badop:  ld      #E_OP

; fail ends the session with the code in a.
fail:   st      HALT

; report sends all output not yet sent, and the code in a.
report: st      CODE
        ld      #0
        st      ECHO
report2:
        call    flush
        call    status

done:   out     rewind
        ld      SIZE
        out     skip
        out     free
        jmp     main

damaged:
        ld      #1
        st      SIZE
        add     BAD
        st      BAD
        ld      MODE
        jz      done
        jmp     lost

; The core did not answer. What was under way is lost, so the session is.
trap:   out     mend
        ld      #E_CORE
        jmp     fail

get4:   ld      rx
        st      [x+]
        jnxa    get4
        ret

; inc counts the number at x up. It has 4 bytes, or 3 at 1 above a multiple of 4.
inc:    ld      [x]
        add     #1
        st      [x+]
        jnc     inc1
        jnxa    inc
inc1:   ret

; flush sends the output that fills whole frames, and leaves in N what is left.
flush:  ld      HEAD
        sub     SENT
        st      N
        loop    flush
        ld      N+1
        jnz     flush1
        ld      N
        cmp     #OUTPUT
        jge     flush1
        ret
flush1: ld      #OUTPUT
        st      N
        ld      #0
        st      N+1
        call    status
        jmp     flush

; status sends one STATUS with N bytes of output.
status: out     begin
        put     #0x80
        ldx     #KEY
status1:
        put     [x+]
        ld      x
        cmp     #RKEY
        jnz     status1
status2:
        ld      SENT
        add     N
        st      SENT
        loop    status2
        ld      #0
        subx    N
        jxz     crc
status3:
        put     ring, x+
        jnxz    status3

; crc ends the frame that is being made; x is a multiple of 4.
crc:    putcrc  crc, x+
        jnxa    crc
        out     end
        ret

; answer begins an answer.
answer: out     begin
        ld      OP
        xor     #0x80
        st      OP
        put     OP
        ldx     #RKEY
        call    put4
put4:   put     [x+]
        jnxa    put4
        ret

; finish ends it; x is a multiple of 4.
finish: call    crc
        jmp     done

zero4:  call    zero2
zero2:  put     #0
        put     #0
        ret

; stir takes the time since the last reply into NONCE. The nonce of one boot is therefore
; never that of the boot before, unless the memory was lost in between. The CRC is 0 afterwards.
stir:   ld      crc
        add     NONCE
        st      NONCE
        out     shift
        loop    stir
        ret

closed: call    stir
nosession:
        out     begin
        put     #0x80
        ldx     #RKEY
        call    put4
        call    zero4
        put     #NO_SESSION
        put     #0
        put     #0
        put     BAD
        call    zero4
        jmp     finish

hello:  ld      PLEN
        cmp     #5
        jlt     done
        ldx     #INFO
hello1: ld      rx
        cmp     [x+]
        jnz     done
        jnxa    hello1
        ld      rx
        cmp     #VERSION
        jnz     info
        ld      MODE
        jz      open
hello2: ld      RKEY
        xor     NONCE
        sub     KEY
        loop    hello2
        jz      info
open:   call    stir
open1:  ld      NONCE
        xor     RKEY
        st      KEY
        ld      #0
        st      NEXT
        st      CODE            ; with POS and BAD
        st      SENT
        st      HEAD
        st      TAIL
        loop    open1
        st      HALT
        ld      #OPEN
        st      MODE
        out     empty
info:   ld      #0x81
        call    answer
        ldx     #INFO
        call    put4
        put     [x+]
        put     [x+]
        ldx     #NONCE
        call    put4
        ld      CORES
        st      NTH
        ldx     #INFO2
info1:  put     [x+]
        jnxz    info1
        ld      NTH             ; all cores have the same memories
        sub     #1
        st      NTH
        ldx     #SIZES
        jnz     info1
        jmp     finish

poll:   ld      PLEN
        cmp     #4
        jnz     badlength
        call    confirm
poll1:  ld      TAIL
        st      SENT
        loop    poll1
        ld      SENT
        out     seek_low
        ld      SENT+1
        out     seek_high
        ld      #OK
        st      CODE
        ld      SEQ
        st      ECHO
        jmp     report2

badlength:
        ld      #E_LENGTH
        jmp     fail

; confirm reads HAVE and frees the output before it, if that is in the buffer.
confirm:
        ldx     #HAVE
        call    get4
confirm1:
        ld      HAVE
        sub     TAIL
        st      ADDR
        loop    confirm1
        call    used
confirm2:
        ld      T
        sub     ADDR
        loop    confirm2
        jlt     confirm4
confirm3:
        ld      HAVE
        st      TAIL
        loop    confirm3
confirm4:
        ret

badaddress:
        ld      #E_ADDRESS
        jmp     fail

; used sets T to the bytes of output that are not confirmed.
used:   ld      HEAD
        sub     TAIL
        st      T
        loop    used
        ret

getspan:
        ldx     #ADDR
        call    get4
        call    get4            ; LEN

; span goes to the memory at ADDR, if there are LEN bytes and both are whole words.
span:   ld      ADDR
        and     #3
        jnz     badaddress
        ld      LEN
        and     #3
        jnz     badaddress
        ld      ADDR+3
        cmp     REGIONS
        jge     badaddress
        and     #7
        st      T
        add     T
        st      T
        add     T
        addx    #SIZES
span1:  ld      ADDR            ; T = offset + LEN
        add     LEN
        st      T
        loop    span1
        jc      badaddress
        ld      T+3
        sub     ADDR+3
        st      T+3
span2:  ld      [x+]
        sub     T
        loop    span2
        jlt     badaddress
span3:  ld      ADDR
        out     address
        loop    span3
        ret

; sum takes LEN bytes of memory into the CRC, and the span from what is left of the payload.
sum:    ld      LEN
        sub     #4
        st      LEN
        jc      sum2
        ldx     #LEN+1
sum1:   ld      [x]
        sub     #1
        st      [x+]
        jc      sum2
        jnxa    sum1
        ld      PLEN
        sub     #8
        st      PLEN
        ret
sum2:   out     load
sum3:   crc     data
        loop    sum3
        jmp     sum

read:   ld      PLEN
        cmp     #8
        jnz     badlength
        call    getspan
        ldx     #LEN+1
read1:  ld      [x+]
        jnz     badlength
        jnxa    read1
        ld      LEN
        cmp     #PAYLOAD+1
        jge     badlength
        call    answer
        ld      #0
        subx    LEN
        jxz     finish
read2:  out     load
read3:  put     data, x+
        jnxa    read3
        jnxz    read2
        jmp     finish

sums:   ld      PLEN
        jz      badlength
        and     #7
        jnz     badlength
        ld      #SUMS
        st      NTH
sums1:  call    getspan
        out     begin           ; of a CRC
        call    sum
        ldx     NTH
sums2:  ld      crc
        st      [x+]
        out     shift
        jnxa    sums2
        ld      x
        st      NTH
        ld      PLEN
        jnz     sums1
        call    answer
        ldx     #SUMS
sums3:  call    put4
        ld      x
        cmp     NTH
        jnz     sums3
        jmp     finish

counters:
        call    answer
        ldx     #TICKS
        call    put4
        call    zero4
        put     synops0
        put     synops1
        put     synops2
        call    upper
        put     spikes0
        put     spikes1
        put     spikes2
        call    upper
        put     cycles0
        put     cycles1
        put     cycles2
        call    upper
        jmp     finish

; upper sends the three bytes after x and two zeros; x is at the next counter then.
upper:  ld      [x+]
        call    put4
        jmp     zero2

; fold notices counters that wrapped.
fold:   ld      synops2
        cmp     SYNOPS
        st      SYNOPS
        jge     fold1
        ldx     #SYNOPS+1
        call    inc
fold1:  ld      spikes2
        cmp     SPIKES
        st      SPIKES
        jge     fold2
        ldx     #SPIKES+1
        call    inc
fold2:  ld      cycles2
        cmp     CYCLES
        st      CYCLES
        jge     fold3
        ldx     #CYCLES+1
        jmp     inc
fold3:  ret

command:
        ld      SEQ
        sub     NEXT
        loop    command
        jz      execute
        jn      repeat
lost:   ld      #LOST
        jmp     report
execute:
        ld      OP
        cmp     #0x10
        jz      write
        cmp     #0x11
        jz      commit
        cmp     #0x12
        jz      reset
        cmp     #0x13
        jz      run
        jmp     badop

executed:
        ldx     #NEXT
        call    inc
        ld      #0
        st      POS
repeat: ld      #OK
        jmp     report

write:  ld      PLEN
        cmp     #5
        jlt     badlength
        sub     #4
        st      LEN
        ld      #0
        st      LEN+1
        st      LEN+2
        st      LEN+3
        ldx     #ADDR
        call    get4
        call    span
        ld      #0
        subx    LEN
write1: ld      rx, x+
        out     data
        jnxa    write1
        out     store
        jnxz    write1
        ld      #OPEN
        jmp     tables

commit: ld      PLEN
        cmp     #12
        jlt     badlength
        sub     #4
        st      PLEN
        and     #7
        jnz     badlength
        ldx     #HAVE
        call    get4
        out     begin           ; of a CRC
commit1:
        call    getspan
        call    sum
        jnz     commit1
commit2:
        ld      crc
        sub     HAVE
        out     shift
        loop    commit2
        ld      #E_IMAGE
        jnz     fail
        ld      #E_TABLES
        jntables fail
        ld      #LOADED
tables: st      MODE            ; after a failure it does not matter
        jmp     executed

reset:  ld      PLEN
        jnz     badlength
        ld      MODE
        cmp     #LOADED
        jlt     notready
        out     clear
        out     restart
        ld      #READY
        jmp     tables
notready:
        add     #E_LOADED-OPEN  ; or E_RESET
        jmp     fail

run:    ld      PLEN
        cmp     #4
        jlt     badlength
        ld      MODE
        cmp     #READY
        jlt     notready
        call    confirm
        ld      #OK
        st      CODE
        st      ECHO
        ld      PLEN
        sub     #4
        st      PLEN
        ld      POS
        out     skip
run0:   ld      POS
        cmp     PLEN
        jge     executed
        subx    PLEN            ; counts up to 0
run1:   ld      rx, x+
        cmp     #254
        jge     run3
        out     pass
        jpast   badevent
        out     event
run2:   jnxz    run1
        jmp     executed
run3:   jnz     tick
        out     pass
        jpast   badevent
        jmp     run2
badevent:
        call    where
        ld      #E_EVENT
        jmp     fail

; where notes how far in the stream the command is.
where:  ld      x
        add     PLEN
        st      POS
        ret

tick:   call    used
tick1:  ld      T
        sub     ROOM
        loop    tick1
        jge     busy
        call    where
        out     step
        out     restart
        ld      head0
        st      HEAD
        ld      head1
        cmp     HEAD+1
        st      HEAD+1
        jge     tick2
        ldx     #HEAD+2
        call    inc
tick2:  ldx     #TICKS
        call    inc
        call    fold
        call    flush
        jmp     run0

busy:   call    where
        sub     #1
        st      POS
        ld      #BUSY
        jmp     report
