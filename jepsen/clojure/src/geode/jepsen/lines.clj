; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.lines
  "A Geode client: `geode-jepsen client`, one request per line, one answer per line.

  The program runs on the control node, speaks the daemon's own protocol, keeps an exactly-once
  session, and tells `fail` (did not happen) from `unknown` (may have). Nothing here needs Jepsen."
  (:require [clojure.edn :as edn]
            [clojure.string :as str])
  (:import (java.io BufferedReader BufferedWriter InputStreamReader OutputStreamWriter)
           (java.lang ProcessBuilder$Redirect)
           (java.util.concurrent TimeUnit)))

(defn open
  "Starts the program. `endpoints` are client addresses, \"host:port\"."
  [binary endpoints]
  (let [builder (doto (ProcessBuilder. ^java.util.List [binary "client" "--endpoints"
                                                        (str/join "," endpoints)])
                  (.redirectError ProcessBuilder$Redirect/INHERIT))
        process (.start builder)]
    {:process process
     :in      (BufferedWriter. (OutputStreamWriter. (.getOutputStream process) "UTF-8"))
     :out     (BufferedReader. (InputStreamReader. (.getInputStream process) "UTF-8"))}))

(defn close!
  [{:keys [^Process process ^BufferedWriter in]}]
  (try (.close in) (catch java.io.IOException _ nil))
  (when-not (.waitFor process 10 TimeUnit/SECONDS)
    (.destroyForcibly process)))

(defn parse-answer
  "[:ok value], [:refused], [:fail code], [:unknown code]. Anything else is a mistake of ours."
  [line]
  (let [[word rest] (str/split (or line "unknown closed") #" " 2)]
    (case word
      "ok"      [:ok (when rest (edn/read-string rest))]
      "refused" [:refused]
      "fail"    [:fail (keyword rest)]
      "unknown" [:unknown (keyword rest)]
      (throw (ex-info "geode-jepsen client did not understand" {:answer line})))))

(defn request!
  "Sends the words, waits for the answer. A program that is gone leaves the outcome unknown."
  [{:keys [^BufferedWriter in ^BufferedReader out]} & words]
  (try
    (.write in ^String (str/join " " (map #(if (nil? %) "nil" (if (keyword? %) (name %) (str %)))
                                          words)))
    (.newLine in)
    (.flush in)
    (parse-answer (.readLine out))
    (catch java.io.IOException _ [:unknown :closed])))

(defn complete
  "The completion of `op` for an answer: refused and failed operations did not happen. `refusal` is
  the :error of those that were refused."
  ([op answer] (complete op answer (:value op)))
  ([op answer ok-value] (complete op answer ok-value :condition-false))
  ([op [kind detail] ok-value refusal]
   (case kind
     :ok      (assoc op :type :ok, :value ok-value)
     :refused (assoc op :type :fail, :error refusal)
     :fail    (assoc op :type :fail, :error detail)
     :unknown (assoc op :type :info, :error detail))))
