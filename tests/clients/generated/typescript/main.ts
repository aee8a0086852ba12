// Asks a server for two houses and an iris by openapi-generator's TypeScript client; prints a prediction a line.
import { Configuration, HousesColumns, HousesRecord, PredictApi } from './index';

declare const process: { argv: string[] };

async function main(): Promise<void> {
  const api = new PredictApi(new Configuration({ basePath: process.argv[2] }));
  const house: HousesRecord = { rM: 6.123456789012345, tAX: null, colour: 'red' };
  const columns: HousesColumns = { rM: [6.123456789012345], tAX: [296], colour: ['red'] };
  const iris = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };
  for (const answer of [
    await api.postModelsHousesPredict({ housesBody: house }),
    await api.postModelsHousesPredict({ housesBody: columns }),
    await api.postModelsIrisPredict({ irisBody: iris }),
  ]) {
    console.log(JSON.stringify(answer.prediction[0]));
  }
}

main();
