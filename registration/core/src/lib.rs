//! Users, cards, rules and the station machine that decides who a tap is; pure.
