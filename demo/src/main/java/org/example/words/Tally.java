package org.example.words;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How often each key was seen. */
public final class Tally<K> {

    private static final class Counter {
        private int value;
    }

    private final Map<K, Counter> counters = new HashMap<>();
    private int total;

    public void add(K key) {
        Counter counter = counters.get(key);
        if (counter == null) {
            counter = new Counter();
            counters.put(key, counter);
        }
        counter.value++;
        total++;
    }

    public int count(K key) {
        Counter counter = counters.get(key);
        return counter == null ? 0 : counter.value;
    }

    public int total() {
        return total;
    }

    public int distinct() {
        return counters.size();
    }

    /** The most frequent keys, at most {@code limit} of them, the most frequent one first. */
    public List<K> mostFrequent(int limit) {
        List<K> keys = new ArrayList<>(counters.keySet());
        Collections.sort(keys, new Comparator<K>() {
            @Override
            public int compare(K left, K right) {
                return Integer.compare(count(right), count(left));
            }
        });
        return keys.subList(0, Math.min(limit, keys.size()));
    }
}
