SELECT feed, symbol, price, observed_at, provider_time, volume, provider
FROM ${quotes}
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY feed, symbol, observed_at
  ORDER BY provider_time DESC, price DESC, volume DESC, provider
) = 1
