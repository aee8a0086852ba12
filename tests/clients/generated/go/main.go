// Asks a server for two houses and an iris by openapi-generator's Go client; prints a prediction a line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	client "smartserve_client"
)

func show(prediction interface{}) {
	text, err := json.Marshal(prediction)
	check(err)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: os.Args[1]}}
	api := client.NewAPIClient(configuration).PredictAPI
	tax := 296.0
	for _, tax := range []*float64{nil, &tax} {
		house := client.NewHousesRecord(6.123456789012345, *client.NewNullableFloat64(tax), "red")
		body := client.HousesRecordAsHousesBody(house)
		answer, _, err := api.PostModelsHousesPredict(context.Background()).HousesBody(body).Execute()
		check(err)
		show(answer.Prediction[0])
	}
	iris := client.IrisRecordAsIrisBody(client.NewIrisRecord(5.1, 3.5, 1.4, 0.2))
	answer, _, err := api.PostModelsIrisPredict(context.Background()).IrisBody(iris).Execute()
	check(err)
	show(answer.Prediction[0])
}
