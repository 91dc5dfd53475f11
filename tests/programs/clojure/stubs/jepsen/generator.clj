; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.generator)
(defn mix [gens] (vec gens))
(defn limit [n gen] [n gen])
(defn stagger [seconds gen] [seconds gen])
(defn nemesis ([nemesis-gen] nemesis-gen) ([nemesis-gen client-gen] [nemesis-gen client-gen]))
(defn clients ([client-gen] client-gen) ([client-gen nemesis-gen] [client-gen nemesis-gen]))
(defn time-limit [seconds gen] [seconds gen])
(defn phases [& gens] (vec gens))
(defn log [message] message)
(defn sleep [seconds] seconds)
(defn once [gen] gen)
