"""Which characters are emoji, in which groups they are shown, and what people call them.

The names of all of them are Unicode's own, which Python has. The ranges are the property ``Emoji`` of Unicode's
``emoji-data.txt`` as of version 14, and all of the last block, where whatever comes new is one.
"""

from __future__ import annotations

EMOJI = (
    "203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23F3 23F8-23FA 24C2 25AA-25AB 25B6 25C0 "
    "25FB-25FE 2600-2604 260E 2611 2614-2615 2618 261D 2620 2622-2623 2626 262A 262E-262F 2638-263A 2640 2642 "
    "2648-2653 265F-2660 2663 2665-2666 2668 267B 267E-267F 2692-2697 2699 269B-269C 26A0-26A1 26A7 26AA-26AB "
    "26B0-26B1 26BD-26BE 26C4-26C5 26C8 26CE-26CF 26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2702 2705 "
    "2708-270D 270F 2712 2714 2716 271D 2721 2728 2733-2734 2744 2747 274C 274E 2753-2755 2757 2763-2764 "
    "2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297 3299 1F004 1F0CF 1F170-1F171 "
    "1F17E-1F17F 1F18E 1F191-1F19A 1F201-1F202 1F21A 1F22F 1F232-1F23A 1F250-1F251 1F300-1F321 1F324-1F393 "
    "1F396-1F397 1F399-1F39B 1F39E-1F3F0 1F3F3-1F3F5 1F3F7-1F3FA 1F400-1F4FD 1F4FF-1F53D 1F549-1F54E 1F550-1F567 "
    "1F56F-1F570 1F573-1F57A 1F587 1F58A-1F58D 1F590 1F595-1F596 1F5A4-1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 "
    "1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF 1F5F3 1F5FA-1F64F 1F680-1F6C5 1F6CB-1F6D2 1F6D5-1F6D7 "
    "1F6DD-1F6E5 1F6E9 1F6EB-1F6EC 1F6F0 1F6F3-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945 1F947-1F9FF "
    "1FA70-1FAFF"
)
"""Those that are one character; a flag is two letters of a block that is not among them."""
TEXT_BY_DEFAULT = (
    "203C-2199 21A9-21AA 2328 23CF 23ED-23EF 23F1-23F2 23F8-23FA 24C2-25C0 25FB-25FC 2600-2611 2618-2642 "
    "265F-2668 267B 267E 2692 2694-269C 26A0 26A7 26B0-26B1 26C8 26CF-26D3 26E9 26F0-26F1 26F4 26F7-26F9 2702 "
    "2708-2709 270C-2721 2733-2747 2763-2764 27A1 2934-2B07 3030-3299 1F170-1F17F 1F202 1F237 1F321-1F32C 1F336 "
    "1F37D 1F396-1F39F 1F3CB-1F3CE 1F3D4-1F3DF 1F3F3 1F3F5-1F3F7 1F43F 1F441 1F4FD 1F549-1F54A 1F56F-1F579 "
    "1F587-1F590 1F5A5-1F5FA 1F6CB 1F6CD-1F6CF 1F6E0-1F6E9 1F6F0 1F6F3"
)
"""Those that are emoji only with a sign behind them that says so; whatever else lies in these ranges is none."""
GROUPS = (
    ("Faces",
     "1F600-1F644 1F910-1F917 1F920-1F925 1F927-1F92F 1F970-1F976 1F978-1F97A 1F9D0 1FAE0-1FAE7 2639-263A "
     "1F479-1F47B 1F47D-1F480 1F4A9 2763-2764 1F493-1F49F 1F5A4 1F90D-1F90E 1F9E1 1FA75-1FA77 1F48B-1F48C "
     "1F4A2 1F4A4-1F4A6 1F4AB 1F4AF"),
    ("People",
     "1F44A-1F450 1F446-1F449 261D 270A-270D 1F590 1F595-1F596 1F90C 1F90F 1F918-1F91F 1FAF0-1FAFF "
     "1F64B-1F64F 1F645-1F647 1F926 1F930-1F939 1F4AA 1F440-1F445 1F464-1F478 1F47C 1F481-1F483 "
     "1F485-1F487 1F48F 1F491 1F385 1F574-1F575 1F57A 1F5E3 1F977 1F9B4-1F9BB 1F9CC-1F9CF 1F9D1-1F9DF "
     "1F9E0 1FAC0-1FAC5 1F6B6 1F6C0 1F6CC"),
    ("Nature",
     "1F400-1F43F 1F980-1F9AE 1F577-1F578 1F54A 1FAB0-1FABF 1FACE-1FACF 1F330-1F344 1F490 2618 1F3F5 "
     "1F300-1F320 1F324-1F32C 2600-2604 2614 26C4-26C8 26A1 2744 2728 2B50 1F525 1F4A7-1F4A8"),
    ("Food",
     "1F345-1F37F 1F32D-1F32F 1F950-1F96F 1F9C0-1F9CB 1FAD0-1FADF 2615"),
    ("Activities",
     "1F380-1F384 1F386-1F38B 1F38D-1F3C0 1F3C2-1F3D3 1F3F8-1F3F9 26BD-26BE 26F3 26F7-26F9 1F93A-1F94F "
     "1F004 1F0CF 1F9E9 1F9F8 1FA80-1FA8F 1F52E 1F579 1F3B0"),
    ("Travel",
     "1F680-1F6A8 1F6AA-1F6AC 1F6F0-1F6FC 1F6E4-1F6EC 1F6D6 1F3D4-1F3F0 1F5FA-1F5FF 26E9-26EA 26F0-26F5 "
     "26FA 26FD 2693 2708 1F54B-1F54D 1F6B2 1F6CE-1F6D0"),
    ("Objects",
     "231A-231B 23F0-23F3 2328 260E 2692-2699 26B0-26B1 26CF-26D3 2702 2709 270F 2712 1F451-1F463 1F484 "
     "1F488-1F48A 1F48D-1F48E 1F4A1 1F4A3 1F4B0-1F4FF 1F50A-1F52D 1F56F-1F573 1F576 1F587-1F58D "
     "1F5A5-1F5E1 1F6CB 1F6CD 1F6D2 1F6E0-1F6E1 1F9AF 1F97B-1F97F 1F9BA 1F9BC-1F9BF 1F9E2-1F9FF "
     "1FA70-1FA74 1FA78-1FA7F 1FA90-1FAAF"),
    ("Symbols",
     "203C-3299 1F170-1F251 1F380-1F3FF 1F400-1FAFF"),
)  # fmt: skip
"""What the groups are called, in their order; an emoji belongs to the first that has it."""
SIGNALS = "1F3C1 1F3F3 1F3F4 1F6A9 1F38C"
"""What is a flag by itself; among these are some that the groups have ahead of them."""
COUNTRIES = (
    "AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM "
    "CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET EU FI FJ FM FR GA GB GD GE GH GL GM GN GQ GR GT GW "
    "GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU "
    "LV LY MA MC MD ME MG MH MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK "
    "PL PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO "
    "TR TT TV TW TZ UA UG UN US UY UZ VA VC VE VN VU WS XK YE ZA ZM ZW"
)
"""The letters of which flags are made."""
SHORT = """
smile 1F604 smiley 1F603 grin 1F601 grinning 1F600 joy 1F602 lol 1F602 rofl 1F923 laughing 1F606 sweat_smile 1F605
wink 1F609 blush 1F60A slight_smile 1F642 upside_down 1F643 innocent 1F607 heart_eyes 1F60D kissing_heart 1F618
yum 1F60B stuck_out_tongue 1F61B zany 1F92A nerd 1F913 sunglasses 1F60E cool 1F60E star_struck 1F929 partying 1F973
smirk 1F60F unamused 1F612 disappointed 1F61E sad 1F622 pensive 1F614 worried 1F61F confused 1F615 frowning 2639
cry 1F622 sob 1F62D triumph 1F624 angry 1F620 rage 1F621 swearing 1F92C mind_blown 1F92F exploding_head 1F92F
flushed 1F633 hot 1F975 cold 1F976 scream 1F631 fearful 1F628 cold_sweat 1F630 hugs 1F917 hugging 1F917
thinking 1F914 shushing 1F92B lying 1F925 no_mouth 1F636 neutral_face 1F610 expressionless 1F611 grimacing 1F62C
rolling_eyes 1F644 hushed 1F62F astonished 1F632 yawning 1F971 sleeping 1F634 zzz 1F4A4 drooling 1F924
dizzy_face 1F635 sick 1F922 vomiting 1F92E sneezing 1F927 mask 1F637 salute 1FAE1 melting 1FAE0 pleading 1F97A
skull 1F480 ghost 1F47B alien 1F47D robot 1F916 poop 1F4A9 clown 1F921 see_no_evil 1F648 hear_no_evil 1F649
speak_no_evil 1F64A thumbsup 1F44D +1 1F44D thumbsdown 1F44E -1 1F44E ok_hand 1F44C wave 1F44B clap 1F44F
raised_hands 1F64C pray 1F64F thanks 1F64F handshake 1F91D point_up 261D point_down 1F447 point_left 1F448
point_right 1F449 fist 270A punch 1F44A v 270C crossed_fingers 1F91E metal 1F918 call_me 1F919 raised_hand 270B
hand 270B vulcan 1F596 writing 270D muscle 1F4AA eyes 1F440 shrug 1F937 facepalm 1F926 raising_hand 1F64B
no_good 1F645 bow 1F647 dancer 1F483 runner 1F3C3 brain 1F9E0 heart 2764 broken_heart 1F494 sparkling_heart 1F496
orange_heart 1F9E1 yellow_heart 1F49B green_heart 1F49A blue_heart 1F499 purple_heart 1F49C black_heart 1F5A4
white_heart 1F90D 100 1F4AF boom 1F4A5 sweat_drops 1F4A6 dash 1F4A8 fire 1F525 sparkles 2728 star 2B50 star2 1F31F
zap 26A1 sunny 2600 cloud 2601 rainbow 1F308 snowflake 2744 snowman 26C4 umbrella 2614 moon 1F319 earth 1F30D
dog 1F436 cat 1F431 mouse 1F42D fox 1F98A bear 1F43B panda 1F43C unicorn 1F984 monkey 1F412 penguin 1F427
snake 1F40D python 1F40D turtle 1F422 bug 1F41B bee 1F41D butterfly 1F98B crab 1F980 fish 1F41F whale 1F433
rose 1F339 tulip 1F337 sunflower 1F33B four_leaf_clover 1F340 cactus 1F335 christmas_tree 1F384 coffee 2615
tea 1F375 beer 1F37A beers 1F37B wine 1F377 cake 1F370 birthday 1F382 cookie 1F36A pizza 1F355 apple 1F34E
banana 1F34C strawberry 1F353 avocado 1F951 popcorn 1F37F doughnut 1F369 chocolate 1F36B tada 1F389 party 1F389
balloon 1F388 gift 1F381 trophy 1F3C6 medal 1F3C5 dart 1F3AF soccer 26BD basketball 1F3C0 game 1F3AE dice 1F3B2
art 1F3A8 guitar 1F3B8 notes 1F3B6 microphone 1F3A4 headphones 1F3A7 movie 1F3AC rocket 1F680 car 1F697 bus 1F68C
train 1F686 bike 1F6B2 airplane 2708 ship 1F6A2 house 1F3E0 school 1F3EB office 1F3E2 construction 1F6A7
rotating_light 1F6A8 anchor 2693 tent 26FA bulb 1F4A1 idea 1F4A1 book 1F4D6 books 1F4DA pencil 270F memo 1F4DD
clipboard 1F4CB calendar 1F4C5 pushpin 1F4CC paperclip 1F4CE scissors 2702 lock 1F512 unlock 1F513 key 1F511
hammer 1F528 wrench 1F527 gear 2699 link 1F517 mag 1F50D computer 1F4BB laptop 1F4BB keyboard 2328 phone 260E
iphone 1F4F1 email 1F4E7 package 1F4E6 bell 1F514 no_bell 1F515 hourglass 231B alarm_clock 23F0 watch 231A
chart 1F4C8 money 1F4B0 gem 1F48E crown 1F451 bomb 1F4A3 pill 1F48A test_tube 1F9EA megaphone 1F4E3
speech_balloon 1F4AC thought_balloon 1F4AD camera 1F4F7 tv 1F4FA check 2714 white_check_mark 2705 done 2705 x 274C
no_entry 26D4 no_entry_sign 1F6AB stop 1F6D1 warning 26A0 question 2753 exclamation 2757 bangbang 203C plus 2795
minus 2796 recycle 267B infinity 267E ok 1F197 new 1F195 sos 1F198 arrow_up 2B06 arrow_down 2B07 arrow_left 2B05
arrow_right 27A1 information 2139 red_circle 1F534 green_circle 1F7E2 blue_circle 1F535 checkered_flag 1F3C1
white_flag 1F3F3
"""
"""What people call some of them, each with its number; the first of its names is the one to show."""
