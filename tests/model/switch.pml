/* The control switch as spin checks it: a guest with both rings, two clients that may ask, answer, be silent, be slow and go,
 * and a daemon that may be killed. Names are the code's: XcsSharp.Switching/Channels/ControlChannel*.cs, AnswersOwed.cs,
 * RequestQueue.cs, XcsSharp.Rings/BackRing.cs, XcsSharp.Xen/PortTransport.cs. README.md says what is checked, what is left out, and
 * what each macro removes. The sizes are the least at which everything can happen. */
#ifndef REQUESTS
#define REQUESTS 3 /* the guest's, in all */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#ifndef CONNECTIONS
#define CONNECTIONS 2 /* of each client, in all */
#endif
#ifndef DOWN
#define DOWN 0 /* requests of client 0 to the guest; with KILLS 0 and CONNECTIONS 1, or they may be lost with it */
#endif
#define SLOTS 2
#define DOWN_SLOTS 1
#define REQUEST_QUEUE 1
#define SESSION_QUEUE 1
#define PLAIN 1    /* this client is closed when it is slow; the other one is extended, and paused */
#define ANSWER 100 /* a slot holds a request's number, or this and the number of the request that is answered */
#define BIT(c) (1 << (c))
#define MAY_DIE if :: kills > 0 -> kills--; goto dead :: true fi
#ifdef KILL_INSIDE_ANSWER
#define AT_ONCE
#define MAY_DIE_INSIDE MAY_DIE
#else
#define AT_ONCE d_step
#define MAY_DIE_INSIDE
#endif

mtype = { Request, Response };

/* The page. Indexes count on, as in the code. */
byte req_prod, rsp_prod, slot[SLOTS], down_req_prod, down_rsp_prod;
byte rsp_cons;
bool isAnswered[REQUESTS], isGuestSignalled;

#include "port.pml"

/* The clients' data connections. That a client is gone is the same as silence until the daemon sees it. */
byte connections[2] = CONNECTIONS, downSent, kills = KILLS;
chan toClient[2] = [SESSION_QUEUE] of { byte, byte };          /* ticket, request */
chan fromClient[2] = [SESSION_QUEUE] of { mtype, byte, byte }; /* what, ticket, request */

/* The daemon's memory: the back ring's indexes, the channel's flags, the answers owed, the sessions. */
byte requestConsumer, responseProducer, lastTicket, downResponses, queued;
byte owed, owedTicket[SLOTS], owedRequest[SLOTS], owedHolders[SLOTS];
byte attached, taking, held; /* sessions with a data connection; of these, not paused; whose reading waits for room */
bool isMasked, isThrottled, isDraining, isInTurn, hasMore, hasNewTakers, hasMoved;
byte i, position, older;

ltl answered { <> (rsp_cons == REQUESTS && down_rsp_prod == DOWN) }

active proctype Guest() {
    bool isStubborn; /* answers nobody while it waits for answers itself */
    if :: DOWN > 0 -> isStubborn = true :: true fi;
    do
    :: atomic { req_prod < REQUESTS && req_prod - rsp_cons < SLOTS -> slot[req_prod % SLOTS] = req_prod; req_prod++ };
        NotifyDaemon()
    :: isGuestSignalled ->
        isGuestSignalled = false;
        do
        :: atomic { rsp_cons < rsp_prod ->
            assert(slot[rsp_cons % SLOTS] >= ANSWER);
            assert(!isAnswered[slot[rsp_cons % SLOTS] - ANSWER]);
            isAnswered[slot[rsp_cons % SLOTS] - ANSWER] = true;
            rsp_cons++ }
        :: down_rsp_prod < down_req_prod && (!isStubborn || rsp_cons == req_prod) ->
            down_rsp_prod++;
            NotifyDaemon()
        :: else -> break
        od
    :: rsp_cons == REQUESTS && down_rsp_prod == DOWN -> break
    od
}

proctype Client(byte me) {
    byte ticket, request;
end:
    do
    :: atomic { me == 0 && (attached & BIT(me)) && downSent < DOWN && nfull(fromClient[me]) ->
        fromClient[me]!Request(0, 0); downSent++ }
    :: atomic { nempty(toClient[me]) && nfull(fromClient[me]) ->
        toClient[me]?ticket, request;
        if
        :: fromClient[me]!Response(ticket, request)
        :: true /* silent */
        fi;
        ticket = 0; request = 0 }
    od
}

/* AnswersOwed and BackRing.PutResponse */
inline PutResponse(at, number) {
    AT_ONCE {
        assert(at < requestConsumer - responseProducer);
        older = at;
        do
        :: older > 0 ->
#ifndef LEAVE_THE_OLDER
            slot[(responseProducer + older) % SLOTS] = slot[(responseProducer + older - 1) % SLOTS];
#endif
            older--
        :: else -> break
        od;
        MAY_DIE_INSIDE;
        slot[responseProducer % SLOTS] = ANSWER + number;
        MAY_DIE_INSIDE;
        responseProducer++;
        rsp_prod = responseProducer;
        i = at;
        owed--;
        do
        :: i < owed ->
            owedTicket[i] = owedTicket[i + 1]; owedRequest[i] = owedRequest[i + 1]; owedHolders[i] = owedHolders[i + 1];
            i++
        :: else -> owedTicket[i] = 0; owedRequest[i] = 0; owedHolders[i] = 0; i = 0; break
        od;
        OnMoved()
    }
}

inline OnMoved() {
    hasMoved = true
#ifndef FORGET_THE_TURN
    ; isInTurn = isInTurn || !isDraining
#endif
}

inline NotifyIfMoved() {
    if
    :: hasMoved -> hasMoved = false; isGuestSignalled = true
    :: else
    fi
}

inline OfferUnheldAgain() {
    i = 0;
    do
    :: i < owed && owedHolders[i] == 0 -> hasNewTakers = true; isInTurn = true; break
    :: i < owed && owedHolders[i] != 0 -> i++
    :: i >= owed -> break
    od;
    i = 0
}

inline ExpectNoAnswerOf(c) {
    position = 0;
    do
    :: position < owed -> owedHolders[position] = owedHolders[position] & ~BIT(c); position++
    :: else -> position = 0; break
    od
#ifndef FORGET_TO_OFFER
    ; OfferUnheldAgain()
#endif
    ; i = 0
}

inline Disconnect(c) {
    do
    :: nempty(toClient[c]) -> toClient[c]?_, _
    :: nempty(fromClient[c]) -> fromClient[c]?_, _, _
    :: empty(toClient[c]) && empty(fromClient[c]) -> break
    od;
    held = held & ~BIT(c);
    attached = attached & ~BIT(c);
    taking = taking & ~BIT(c)
}

/* ClientSession.OnRequest: a place in the session's queue, or the end of the session, or a pause. */
inline DeliverTo(c, entry) {
    if
    :: !(owedHolders[entry] & taking & BIT(c))
    :: (owedHolders[entry] & taking & BIT(c)) && nfull(toClient[c]) -> toClient[c]!owedTicket[entry], owedRequest[entry]
    :: (owedHolders[entry] & taking & BIT(c)) && full(toClient[c]) && c == PLAIN -> Disconnect(c); ExpectNoAnswerOf(c)
    :: (owedHolders[entry] & taking & BIT(c)) && full(toClient[c]) && c != PLAIN ->
        taking = taking & ~BIT(c);
        owedHolders[entry] = owedHolders[entry] & ~BIT(c) /* Renounce */
    fi
}

inline Deliver() {
    d_step {
        assert(owed < SLOTS && slot[requestConsumer % SLOTS] < ANSWER);
        lastTicket++;
        owedTicket[owed] = lastTicket;
        owedRequest[owed] = slot[requestConsumer % SLOTS];
        owedHolders[owed] = taking;
        requestConsumer++;
        owed++;
        DeliverTo(0, owed - 1);
        DeliverTo(1, owed - 1)
    }
}

inline OfferUnheld() {
    d_step {
        if
        :: hasNewTakers ->
            hasNewTakers = false;
            older = 0;
            do
            :: older < owed && owedHolders[older] == 0 ->
                owedHolders[older] = taking;
                DeliverTo(0, older);
                DeliverTo(1, older);
                older++
            :: older < owed && owedHolders[older] != 0 -> older++
            :: older >= owed -> older = 0; break
            od
        :: else
        fi
    }
}

inline TrySendRequest(c) {
    if
    :: queued == 0 && down_req_prod - downResponses < DOWN_SLOTS -> down_req_prod++; OnMoved()
    :: !(queued == 0 && down_req_prod - downResponses < DOWN_SLOTS) && queued < REQUEST_QUEUE -> queued++
    :: queued == REQUEST_QUEUE -> held = held | BIT(c)
    fi
}

inline TakeResponsesAndMoveQueued() {
    d_step {
        if
        :: downResponses < down_rsp_prod -> downResponses++; hasMore = true
        :: else
        fi;
        if
        :: queued > 0 && down_req_prod - downResponses < DOWN_SLOTS -> queued--; down_req_prod++; OnMoved()
        :: else
        fi;
#ifndef FORGET_THE_WAITING
        if
        :: held && queued < REQUEST_QUEUE -> held = 0; TrySendRequest(0)
        :: else
        fi
#endif
    }
}

/* A share is one request and one response. */
inline TakeRequests() {
    if
    :: req_prod != requestConsumer -> Deliver(); hasMore = true
    :: else
    fi
}

/* What the guest can see happens between two atomic steps: it may do something there, and a kill may come. */
inline Drain() {
#ifndef UNMASK_AFTER
    Unmask();
    MAY_DIE;
#endif
    atomic {
        isDraining = true;
        hasMore = false;
        OfferUnheld();
        TakeRequests();
        TakeResponsesAndMoveQueued();
        isDraining = false
    };
#ifdef UNMASK_AFTER
    Unmask();
#endif
#ifdef LOOK_AGAIN
    atomic { TakeRequests(); TakeResponsesAndMoveQueued() };
#endif
    MAY_DIE;
    atomic { NotifyIfMoved(); isInTurn = isInTurn || hasMore }
}

/* Either it has room in its budget, or it waits at the gate with its port masked. */
inline DrainOrWait() {
    if
    :: !isThrottled -> Drain()
#ifdef FLOODS
    :: isThrottled = true
#endif
    fi
}

inline Answer(c, ticket, request) {
    position = 0;
    do
    :: position < owed && owedTicket[position] != ticket -> position++
    :: position < owed && owedTicket[position] == ticket -> break
    :: position >= owed -> break
    od;
#ifdef ANSWER_TWICE
    position = (position < owed -> position : 0);
    PutResponse(position, request);
#else
    if
    :: position < owed && (owedHolders[position] & BIT(c)) -> PutResponse(position, request)
    :: else /* AlreadyAnswered */
    fi;
#endif
    position = 0
}

inline OnReceived(c) {
    if
    :: fromClient[c]?Request(_, _) -> TrySendRequest(c)
    :: fromClient[c]?Response(ticket, request) -> Answer(c, ticket, request); ticket = 0; request = 0
    fi
}

inline Resume(c) {
    d_step { attached = attached | BIT(c); taking = taking | BIT(c); OfferUnheldAgain() }
}

/* ClientSession.TakeData and OnDataEnded: who may come again may go. */
inline Connect(c) {
    connections[c]--;
    Resume(c)
}

inline OnDataEnded(c) {
    d_step { Disconnect(c); ExpectNoAnswerOf(c) }
}

/* Any deadline may be the next. What the daemon answers itself, nobody was there to answer. */
inline OnDeadline() {
    if
    :: position = 0
    :: owed > 1 -> position = 1
    fi;
    assert((owedHolders[position] & attached) || !taking);
    PutResponse(position, owedRequest[position]);
    position = 0
}

active proctype Daemon() {
    byte ticket, request;
attach: skip;
    d_step {
#ifdef ATTACH_AT_REQ_PROD
        responseProducer = req_prod;
#else
        responseProducer = rsp_prod;
#endif
        requestConsumer = responseProducer;
#ifndef NO_SIGNAL_AT_ATTACH
        hasMoved = true;
#endif
        isPortMasked = false;
#ifndef NO_LOOK_AT_ATTACH
        isPortReadable = true /* a made-up event */
#endif
    };
end:
    do
    :: atomic { isPortReadable -> isPortReadable = false; isMasked = true }; DrainOrWait()
    :: atomic { isThrottled -> isThrottled = false }; Drain() /* OnBudget */
    :: atomic { isInTurn && hasMore && !isThrottled -> isInTurn = false }; Drain()
#ifdef FLOODS
    :: atomic { isInTurn && hasMore -> isInTurn = false; isThrottled = true; OfferUnheld(); NotifyIfMoved() }
#endif
    :: atomic { isInTurn && !hasMore -> isInTurn = false; OfferUnheld(); NotifyIfMoved() }
    :: atomic { owed > 0 && !isInTurn -> OnDeadline() }
    :: atomic { nempty(fromClient[0]) && !(held & BIT(0)) -> OnReceived(0) }
    :: atomic { nempty(fromClient[1]) -> OnReceived(1) }
    :: atomic { !(attached & BIT(0)) && connections[0] > 0 -> Connect(0) }
    :: atomic { !(attached & BIT(1)) && connections[1] > 0 -> Connect(1) }
    :: atomic { (attached & BIT(0)) && connections[0] > 0 -> OnDataEnded(0) }
    :: atomic { (attached & BIT(1)) && connections[1] > 0 -> OnDataEnded(1) }
    :: atomic { (attached & ~taking & BIT(0)) && empty(toClient[0]) -> Resume(0) }
    :: kills > 0 -> kills--; break
    od;
dead: skip;
    d_step {
        Disconnect(0);
        Disconnect(1);
        isPortMasked = true; isPortPending = false; isPortReadable = false;
        lastTicket = 0; owed = 0; attached = 0; taking = 0; queued = 0; position = 0; older = 0; i = 0; ticket = 0; request = 0;
        owedTicket[0] = 0; owedRequest[0] = 0; owedHolders[0] = 0; owedTicket[1] = 0; owedRequest[1] = 0; owedHolders[1] = 0;
        isMasked = false; isThrottled = false; isDraining = false; isInTurn = false;
        hasMore = false; hasNewTakers = false; hasMoved = false
    };
    goto attach
}

init {
    atomic { run Client(0); run Client(1) }
}
